// Package telemetry measures the service for operators: metrics as Prometheus
// reads them, and spans for OpenTelemetry.
package telemetry

import (
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
)

// namespace begins the name of each metric of the service's own.
const namespace = "userd"

// Telemetry has the metrics of one server. All of its labels have values from
// bounded sets: routes, methods, codes, and for operations the first names.
type Telemetry struct {
	registry   *prometheus.Registry
	spans      trace.TracerProvider
	tracer     trace.Tracer
	requests   requests
	operations *operations
	calls      calls
	commits    commits
}

// New returns the metrics of a server of this version, whose spans go to p.
func New(version string, p trace.TracerProvider) *Telemetry {
	t := &Telemetry{registry: prometheus.NewRegistry(), spans: p, tracer: p.Tracer("github.com/userd/userd")}
	t.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(version))
	t.requests = newRequests(t.registry)
	t.operations = newOperations(t.registry, t.tracer)
	t.calls = newCalls(t.registry)
	t.commits = newCommits(t.registry)
	return t
}

// Spans is where spans go.
func (t *Telemetry) Spans() trace.TracerProvider { return t.spans }

// Handler answers scrapes. It logs what could not be collected.
func (t *Telemetry) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError, // one thing that cannot be read must not hide the others
	})
}

func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

// latencies are the buckets for what a client waits for, in seconds.
func latencies() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}
