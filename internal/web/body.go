package web

import "net/http"

// WithBodyLimit makes reading a request's body beyond limit bytes fail with
// *http.MaxBytesError, and ends the connection then.
func WithBodyLimit(limit int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body != http.NoBody {
				r.Body = http.MaxBytesReader(w, r.Body, limit)
			}
			next.ServeHTTP(w, r)
		})
	}
}
