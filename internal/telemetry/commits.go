package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// commits are the transactions in which changes become durable.
type commits struct {
	duration prometheus.Histogram
	changes  prometheus.Counter
}

func newCommits(reg prometheus.Registerer) commits {
	auto := promauto.With(reg)
	return commits{
		duration: auto.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: "commit_duration_seconds",
			Help: "How long a transaction took, in a file fsync included; changes that wait together share one.", Buckets: latencies()}),
		changes: auto.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "committed_changes_total",
			Help: "Changes that these transactions made."}),
	}
}

// Committed notes a transaction.
func (t *Telemetry) Committed(changes int, took time.Duration) {
	t.commits.duration.Observe(took.Seconds())
	t.commits.changes.Add(float64(changes))
}
