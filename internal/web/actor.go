package web

import (
	"context"

	"github.com/userd/userd/service"
)

// WithActor has the service, the change log and the access log know who sent
// the request of ctx, and the change log which request that is.
func WithActor(ctx context.Context, actor service.Actor) context.Context {
	SetActor(ctx, actor.String())
	return service.WithCaller(ctx, actor, RequestID(ctx))
}
