// Package pages serves the start page and the documentation pages: GraphiQL, Swagger UI and ReDoc.
//
// Everything a page needs is in the binary, and each page's content security policy holds it to this service, so the
// pages work on a machine without a network and tell no third party who reads them.
//
// The third-party files in assets/ are written by vendor.mjs from the npm packages pinned in package-lock.json; the
// page's own files are in static/. Pages refer to assets as /assets/NAME and link to /playground, /docs, /redoc,
// /openapi.json, /graphql, /users, /health and /console: the handlers belong at those paths.
//
// The handlers answer any method as they answer GET (HEAD without a body): which methods get through is the router's
// affair.
package pages
