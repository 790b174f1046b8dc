// Package goclient tests the REST API as a Go program uses it: through the
// client that oapi-codegen makes of openapi.yaml. It is a module of its own,
// so that the service does not depend on what its tests need.
package goclient
