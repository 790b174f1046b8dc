// Package goclient tests the REST API as a Go program uses it: through the
// client that oapi-codegen makes of openapi.yaml. It is a module of its own,
// so that the service does not depend on what its tests need. The client is
// not kept: run go generate before go test.
package goclient

//go:generate mkdir -p userdclient
//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../../rest/openapi.yaml
