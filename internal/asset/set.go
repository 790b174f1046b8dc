package asset

import (
	"net/http"
	"strings"
)

// Set is assets by the paths that they have.
type Set map[string]Asset

// Handler serves each asset at its path. Mount it with the whole path in place.
//
// A path that it does not know goes to notFound, so that the answer looks like the service's other ones; nil stands
// for http.NotFound. Paths are looked up in a map and never reach a file system.
func (s Set) Handler(notFound http.Handler) http.Handler {
	if notFound == nil {
		notFound = http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := s[r.URL.Path]; ok {
			a.serve(w, r)
			return
		}
		notFound.ServeHTTP(w, r)
	})
}

// versioned puts its hash into each reference to an asset, so that browsers may keep assets for good and still load
// the new ones after an upgrade.
func (s Set) versioned(html string) string {
	var pairs []string
	for path, a := range s {
		pairs = append(pairs, `"`+path+`"`, `"`+path+"?v="+a.hash+`"`)
	}
	return strings.NewReplacer(pairs...).Replace(html)
}
