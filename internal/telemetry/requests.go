package telemetry

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/userd/userd/internal/web"
)

// requests are rate, errors and duration of HTTP requests.
type requests struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newRequests(reg prometheus.Registerer) requests {
	auto := promauto.With(reg)
	return requests{
		total: auto.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "http_requests_total",
			Help: "Requests that were answered."}, []string{"method", "route", "code"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "http_request_duration_seconds",
			Help: "How long answers took; without streams, which last until somebody goes.", Buckets: latencies()}, []string{"method", "route"}),
	}
}

// ObserveExchange is the [web.Observer] that counts requests.
func (t *Telemetry) ObserveExchange(_ context.Context, x web.Exchange) {
	t.requests.total.WithLabelValues(x.Method, x.Route, strconv.Itoa(x.Status)).Inc()
	if !x.IsStream {
		t.requests.duration.WithLabelValues(x.Method, x.Route).Observe(x.Duration.Seconds())
	}
}
