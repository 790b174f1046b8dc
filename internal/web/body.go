package web

import "net/http"

// WithBodyLimit makes reading a request's body beyond limit bytes fail with
// *http.MaxBytesError, and ends the connection then.
func WithBodyLimit(limit int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
			next.ServeHTTP(w, r)
		})
	}
}

// WithSafeFraming makes a request whose body comes in chunks the last of its
// connection. Go takes one that names a length as well, which a proxy before us
// may have gone by: what follows it could be part of the body there (RFC 9112,
// section 6.1, demands the end of the connection then), and Go does not tell.
func WithSafeFraming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
