package web

import (
	"context"
	"net/http"

	"github.com/userd/userd/service"
)

// WithOrigins has the change log name the request of each change, and the
// access log who asked. It goes inside of WithRequestIDs and WithObservers.
func WithOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := service.Origin{RequestID: RequestID(r.Context())}
		ctx := service.WithOrigin(r.Context(), origin)
		SetActor(ctx, service.OriginOf(ctx).Actor)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// WithActor has the service, the change log and the access log know who sent
// the request of ctx.
func WithActor(ctx context.Context, actor service.Actor) context.Context {
	SetActor(ctx, actor.String())
	return service.WithActor(ctx, actor)
}
