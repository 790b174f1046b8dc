package telemetry

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/userd/userd/internal/web"
)

// requests are rate, errors and duration of HTTP requests.
type requests = *series[answered, requestMetrics]

// answered is what requests are told apart by; its values are few.
type answered struct {
	method, route string
	status        int
}

// requestMetrics are those of the requests that were answered alike.
type requestMetrics struct {
	total    prometheus.Counter
	duration prometheus.Observer
}

func newRequests(reg prometheus.Registerer) requests {
	auto := promauto.With(reg)
	total := auto.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "http_requests_total",
		Help: "Requests that were answered."}, []string{"method", "route", "code"})
	duration := auto.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "http_request_duration_seconds",
		Help: "How long answers took; without streams, which last until somebody goes.", Buckets: latencies()}, []string{"method", "route"})
	return newSeries(func(a answered) requestMetrics {
		return requestMetrics{total.WithLabelValues(a.method, a.route, strconv.Itoa(a.status)), duration.WithLabelValues(a.method, a.route)}
	})
}

// ObserveExchange is the [web.Observer] that counts requests.
func (t *Telemetry) ObserveExchange(_ context.Context, x web.Exchange) {
	m := t.requests.of(answered{x.Method, x.Route, x.Status})
	m.total.Inc()
	if !x.IsStream {
		m.duration.Observe(x.Duration.Seconds())
	}
}
