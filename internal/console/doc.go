// Package console serves the page that an operator opens: users, their history, imports and API keys.
//
// It is a program for browsers that talks to /graphql and /keys like any other client, so it can do what its reader's key
// can do and nothing else. Its source is in app/; app/build.mjs builds it into dist/, which the binary embeds.
package console
