// Package graph serves the users over GraphQL: it translates between
// schema.graphqls and [service.Service], and bounds what a request may cost
// before any of it is validated.
//
// A request passes these stages, a file each: the transport reads it (GraphQL
// over HTTP, over WebSocket, or over server-sent events), admission parses,
// measures and validates it and coerces its variables, gqlgen's executor runs
// it, and the resolvers call the service.
//
// A subscription pulls from the change log at its client's pace: nothing is
// queued for a client that reads slowly, and one that does not read is cut off
// and goes on later with its cursor.
package graph

//go:generate go tool gqlgen
