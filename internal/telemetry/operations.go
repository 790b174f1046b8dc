package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

// operations are rate, errors and duration of GraphQL operations.
type operations struct {
	tracer   trace.Tracer
	names    names
	total    *prometheus.CounterVec
	errors   *prometheus.CounterVec
	duration *prometheus.HistogramVec

	mu    sync.RWMutex
	known map[[2]string]*operation // guarded by mu; by type and label, so that there are few
}

var _ graph.Observer = (*operations)(nil)

func newOperations(reg prometheus.Registerer, tracer trace.Tracer) *operations {
	auto := promauto.With(reg)
	return &operations{
		tracer: tracer,
		known:  make(map[[2]string]*operation),
		total: auto.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "graphql_operations_total",
			Help: "Operations that were begun, by type and name."}, []string{"type", "operation"}),
		errors: auto.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "graphql_errors_total",
			Help: "Errors that were answered; those of requests that were not executed have no type."}, []string{"type", "operation", "code"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "graphql_operation_duration_seconds",
			Help: "How long queries and mutations took.", Buckets: latencies()}, []string{"type", "operation"}),
	}
}

// Operations is told of GraphQL operations.
func (t *Telemetry) Operations() graph.Observer { return t.operations }

// operation is what metrics know an operation by, and those of them that are
// its own: to find them by their labels each time takes longer than to count.
type operation struct {
	kind, name string
	begun      prometheus.Counter
	took       prometheus.Observer // nil for subscriptions
}

// operation returns the one of this type and name.
func (o *operations) operation(kind, name string) *operation {
	labels := [...]string{kind, o.names.label(name)}
	o.mu.RLock()
	op := o.known[labels]
	o.mu.RUnlock()
	if op != nil {
		return op
	}
	op = &operation{kind: kind, name: labels[1], begun: o.total.WithLabelValues(labels[:]...)}
	if kind != "subscription" {
		op.took = o.duration.WithLabelValues(labels[:]...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known[labels] = op
	return op
}

type operationKey struct{}

// Begin implements [graph.Observer].
func (o *operations) Begin(ctx context.Context, kind, name string) (context.Context, func()) {
	op := o.operation(kind, name)
	start := time.Now()
	op.begun.Inc()
	ctx = context.WithValue(ctx, operationKey{}, op)
	ctx, span := startSpan(ctx, o.tracer, kind, op.name, attribute.String("graphql.operation.type", kind), attribute.String("graphql.operation.name", op.name))
	return ctx, func() {
		span.End()
		if op.took != nil {
			op.took.Observe(time.Since(start).Seconds())
		}
	}
}

// Failed implements [graph.Observer].
func (o *operations) Failed(ctx context.Context, code service.Code) {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		op = &operation{name: "(refused)"}
	}
	o.errors.WithLabelValues(op.kind, op.name, string(code)).Inc()
	span := trace.SpanFromContext(ctx)
	span.AddEvent("error", trace.WithAttributes(attribute.String("error.type", string(code))))
	span.SetStatus(codes.Error, string(code))
}
