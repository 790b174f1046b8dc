package web

import (
	"context"

	"github.com/userd/userd/service"
)

// WithActor has the service, the change log and the access log know who sent
// the request of ctx, the service from where, and the change log which request
// that is.
func WithActor(ctx context.Context, actor service.Actor) context.Context {
	SetActor(ctx, actor.String())
	return WithCaller(ctx, actor)
}

// WithCaller is WithActor for one of several callers in a connection, of whom the
// access log knows one.
func WithCaller(ctx context.Context, actor service.Actor) context.Context {
	return service.WithCaller(ctx, actor, clientOf(ctx), RequestID(ctx))
}
