// Package rest is userd's REST API: chi routes that decode a request, call
// [service.Service], and encode what it returns.
//
// Handlers return errors. One renderer answers each of them as an RFC 9457
// problem document, by one table from the error's code to status and title.
// openapi.yaml describes every route; contract_test.go holds it to the truth.
package rest
