// Package model has the Go types of those schema types that the service has
// none for. What gqlgen makes of the schema is in models_gen.go; the rest is
// bound to it by gqlgen.yml.
package model
