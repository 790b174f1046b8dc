package postgres

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// inTrace returns ctx as a part of the first trace that is recorded among
// those of the requests that share what is done in ctx. One statement cannot be
// in several traces; the others have the store's call alone.
func inTrace[T any](ctx context.Context, shared []T, contextOf func(T) context.Context) context.Context {
	for _, s := range shared {
		if span := trace.SpanFromContext(contextOf(s)); span.IsRecording() {
			return trace.ContextWithSpan(ctx, span)
		}
	}
	return ctx
}
