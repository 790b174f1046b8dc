// Package check has the tests of the manifests beside it. It is a module of
// its own, so that Kubernetes' types stay out of userd's.
package check
