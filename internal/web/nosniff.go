package web

import "net/http"

// nosniff is the value of a header that all answers have; net/http only reads it.
var nosniff = []string{"nosniff"}

// NoSniff keeps browsers from taking the answer with these headers for something
// that it is not.
func NoSniff(h http.Header) { h["X-Content-Type-Options"] = nosniff }
