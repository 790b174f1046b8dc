package pages

import (
	"net/http"
	"strings"
)

const assetPrefix = "/assets/"

// Assets serves /assets/NAME. Mount it with the prefix in place: it reads the whole path.
//
// A name that it does not know goes to notFound, so that the answer looks like the service's other ones; nil stands
// for http.NotFound. Names are looked up in a map and never reach a file system.
func Assets(notFound http.Handler) http.Handler {
	if notFound == nil {
		notFound = http.NotFoundHandler()
	}
	known := catalogue()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, under := strings.CutPrefix(r.URL.Path, assetPrefix)
		a, ok := known[name]
		if !under || !ok {
			notFound.ServeHTTP(w, r)
			return
		}
		a.serve(w, r)
	})
}
