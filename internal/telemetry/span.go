package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// startSpan begins a span, named "kind name", inside of the one that ctx has, if
// that is recorded: what is not recorded shall cost nothing.
func startSpan(ctx context.Context, tracer trace.Tracer, kind, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, noop.Span{}
	}
	return tracer.Start(ctx, kind+" "+name, trace.WithAttributes(attributes...))
}
