package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// WithRequestID wraps h so that each record logged with a request's context
// carries the request's id, and the id of the trace that it belongs to.
func WithRequestID(h slog.Handler) slog.Handler { return requestIDHandler{h} }

type requestIDHandler struct{ slog.Handler }

// Handle adds the ids and passes the record on.
func (h requestIDHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the wrapping.
func (h requestIDHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestIDHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the wrapping.
func (h requestIDHandler) WithGroup(name string) slog.Handler {
	return requestIDHandler{h.Handler.WithGroup(name)}
}

// AccessLog logs one line for each exchange, at level DEBUG for a probe that
// was told that all is well: several of them may come every second. It says
// nothing of what paths, query strings and bodies hold: those may be personal data.
func AccessLog(log *slog.Logger) Observer {
	return func(ctx context.Context, x Exchange) {
		level := slog.LevelInfo
		if (x.Route == "/livez" || x.Route == "/readyz") && x.Status == http.StatusOK {
			level = slog.LevelDebug
		}
		if !log.Enabled(ctx, level) {
			return // before the attributes are made
		}
		log.LogAttrs(ctx, level, "request",
			slog.String("method", x.Method), slog.String("route", x.Route), slog.Int("status", x.Status),
			slog.Int64("bytes", x.Bytes), slog.Float64("duration_ms", milliseconds(x.Duration)), slog.String("actor", x.Actor))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
