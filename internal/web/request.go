package web

import (
	"context"
	"net/http"
	"net/netip"
)

// request is the context of a request with all that goes along with it. It is
// one value in one piece of memory, as there is one for every request: each
// further value in a context costs a copy of the http.Request.
type request struct {
	context.Context
	id       [1]string // as a header's values
	exchange Exchange
	answer   recorder
	client   netip.Addr
	// outlives is whether the exchange goes on when its handler has returned.
	outlives bool
	ending   ending
}

type requestKey struct{}

// Value implements [context.Context].
func (q *request) Value(key any) any {
	if key == (requestKey{}) {
		return q
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
	return q, r.WithContext(q)
}
