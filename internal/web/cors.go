package web

import (
	"net/http"
	"slices"
)

// What pages of allowed origins may send and read beyond what every page may
// (Fetch, sections 3.3.3 and 3.3.4).
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsSent    = "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, Traceparent, Tracestate, X-Request-Id"
	corsRead    = "Allow, ETag, Link, Location, Retry-After, Traceresponse, WWW-Authenticate, X-Request-Id"
	corsSeconds = "600" // that a browser remembers what it was told
)

// WithCORS has browsers let pages of these origins, such as
// https://app.example.com, call the service and read its answers. Pages of other
// origins are told nothing, upon which browsers keep answers from them and send
// nothing that could change anything. Credentials that browsers add by themselves
// are never asked for.
func WithCORS(origins []string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if len(origins) == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Add("Vary", "Origin")
			origin := r.Header.Values("Origin")
			if len(origin) != 1 || !slices.Contains(origins, origin[0]) {
				next.ServeHTTP(w, r)
				return
			}
			h.Set("Access-Control-Allow-Origin", origin[0])
			if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
				h.Set("Access-Control-Expose-Headers", corsRead)
				next.ServeHTTP(w, r)
				return
			}
			SetRoute(r.Context(), "(preflight)")
			h.Set("Access-Control-Allow-Methods", corsMethods)
			h.Set("Access-Control-Allow-Headers", corsSent)
			h.Set("Access-Control-Max-Age", corsSeconds)
			w.WriteHeader(http.StatusNoContent)
		})
	}
}
