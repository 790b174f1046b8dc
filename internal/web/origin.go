package web

import (
	"net/http"

	"github.com/userd/userd/service"
)

// WithOrigins has the change log name the request of each change. It goes
// inside of WithRequestIDs.
func WithOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := service.Origin{RequestID: RequestID(r.Context())}
		next.ServeHTTP(w, r.WithContext(service.WithOrigin(r.Context(), origin)))
	})
}
