// Package service is userd's domain: users, the rules they obey, and the
// contract of the stores that keep them. It knows no HTTP, no GraphQL and no
// SQL; the transports decode a request, call a method of [Service], and encode
// what it returns.
//
// Every rule (validation, normalising, hashing, limits) lives here once, so
// that REST and GraphQL cannot disagree. [Store] is the one interface; its
// comments are the contract that package storetest checks on every store.
package service
