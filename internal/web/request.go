package web

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/userd/userd/service"
)

// request is the context of a request with all that goes along with it. It is
// one value in one piece of memory, as there is one for every request: each
// further value in a context costs one more, and a copy of the http.Request.
type request struct {
	context.Context
	http      http.Request // the request whose context this is
	id        [1]string    // as a header's values
	exchange  Exchange
	answer    recorder
	client    netip.Addr
	caller    service.Caller
	hasCaller bool
	kept      struct{ key, value any }
	// outlives is whether the exchange goes on when its handler has returned.
	outlives bool
	ending   ending
}

type requestKey struct{}

// Value implements [context.Context].
func (q *request) Value(key any) any {
	switch {
	case key == requestKey{}:
		return q
	case q.hasCaller && key == service.CallerKey{}:
		return &q.caller
	case q.kept.key != nil && key == q.kept.key:
		return q.kept.value
	}
	return q.Context.Value(key)
}

// requestOf is the request that ctx belongs to, or nil.
func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// begin returns the request that r's context belongs to, and r with that
// context.
func begin(r *http.Request) (*request, *http.Request) {
	if q := requestOf(r.Context()); q != nil {
		return q, r
	}
	q := &request{Context: r.Context()}
	q.http = *r.WithContext(q)
	return q, &q.http
}

// Keep returns r with a context that has one value more, without making another
// context. It does so for one value of a request: the router's.
func Keep(r *http.Request, key, value any) *http.Request {
	q, r := begin(r)
	q.kept.key, q.kept.value = key, value
	return r
}
