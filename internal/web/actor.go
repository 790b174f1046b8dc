package web

import (
	"context"
	"net/http"

	"github.com/userd/userd/service"
)

// WithActor returns r with a context by which the service, the change log and
// the access log know who sent it, the service from where, and the change log
// which request it is.
func WithActor(r *http.Request, actor service.Actor) *http.Request {
	q, r := begin(r)
	q.exchange.Actor = actor.String()
	q.caller, q.hasCaller = service.NewCaller(actor, q.client, q.id[0]), true
	return r
}

// WithCaller is WithActor for one of several callers in a connection, of whom the
// access log knows one.
func WithCaller(ctx context.Context, actor service.Actor) context.Context {
	return service.WithCaller(ctx, service.NewCaller(actor, clientOf(ctx), RequestID(ctx)))
}
