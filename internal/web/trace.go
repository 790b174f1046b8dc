package web

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TraceResponseHeader tells a client the trace that its request is part of, as
// the W3C's Trace Context, level 2, has it.
const TraceResponseHeader = "Traceresponse"

// WithTracing makes each request a span of the trace that its traceparent
// header names, or of a new one. A provider that records nothing leaves the
// header's trace for the log.
func WithTracing(p trace.TracerProvider) func(http.Handler) http.Handler {
	tracer := p.Tracer("github.com/userd/userd")
	_, silent := p.(noop.TracerProvider)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if silent && r.Header.Get("Traceparent") == "" {
				next.ServeHTTP(w, r)
				return
			}
			q, r := begin(r)
			ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
			ctx, span := tracer.Start(ctx, knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer))
			defer q.finally(func() { span.End() })
			if span.IsRecording() {
				w.Header().Set(TraceResponseHeader, traceParent(ctx))
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// traceParent is the span of ctx as a traceparent header names it.
func traceParent(ctx context.Context) string {
	carrier := make(propagation.MapCarrier)
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// DescribeSpan is the [Observer] that tells a request's span what became of
// it. WithTracing goes around it. As in the log there is neither path nor query.
func DescribeSpan(ctx context.Context, x Exchange) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName(x.Method + " " + x.Route)
	span.SetAttributes(
		attribute.String("http.request.method", x.Method), attribute.String("http.route", x.Route),
		attribute.Int("http.response.status_code", x.Status), attribute.Int64("http.response.body.size", x.Bytes),
		attribute.String("userd.request_id", RequestID(ctx)), attribute.String("userd.actor", x.Actor))
	if x.Status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}
