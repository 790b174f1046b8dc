package pages

import "net/http"

// Assets serves /assets/NAME, and gives what it does not know to notFound or, where that is nil, to http.NotFound. Mount it
// with the prefix in place: it reads the whole path.
func Assets(notFound http.Handler) http.Handler { return catalogue().Handler(notFound) }
