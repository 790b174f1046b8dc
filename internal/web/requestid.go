// Package web holds what both transports share around their handlers: request
// ids, traces, the access log, recovery from panics, credentials, and the bound on
// bodies.
package web

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/http"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// RequestIDHeader carries a request's id, from the client if it likes and back
// to it always.
const RequestIDHeader = "X-Request-Id"

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if r := requestOf(ctx); r != nil {
		return r.id[0]
	}
	return ""
}

// WithRequestIDs gives each request an id: the client's own where it is
// harmless to log, otherwise a new one. The response carries it too.
func WithRequestIDs(next http.Handler) http.Handler { return WithRequestIDsOf(NewRequestID, next) }

// NewRequestID returns a random UUID (RFC 9562, version 4). It is no secret: it
// comes from Go's own generator, which is quicker than the system's.
func NewRequestID() string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], rand.Uint64()) // #nosec G404 -- see above
	binary.BigEndian.PutUint64(id[8:], rand.Uint64()) // #nosec G404 -- see above
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// WithRequestIDsOf is WithRequestIDs with newID to make the new ones.
func WithRequestIDsOf(newID func() string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, r := begin(r)
		if q.id[0] = service.Harmless(r.Header.Get(RequestIDHeader)); q.id[0] == "" {
			q.id[0] = newID()
		}
		w.Header()[RequestIDHeader] = q.id[:]
		next.ServeHTTP(w, r)
	})
}
