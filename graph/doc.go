// Package graph serves the users over GraphQL: it translates between
// schema.graphqls and [service.Service], and bounds what a request may cost
// before any of it is validated.
//
// A request passes these stages, a file each: the transport reads it (GraphQL
// over HTTP), admission parses, measures and validates it and coerces its
// variables, gqlgen's executor runs it, and the resolvers call the service.
package graph

//go:generate go tool gqlgen
