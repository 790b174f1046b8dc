package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
)

// snapshot is a collector that looks at something once for each scrape and
// tells several numbers of it, which then belong together.
type snapshot struct {
	descs   []*prometheus.Desc
	collect func(send)
}

// send sends the value of the metric with this description.
type send func(d *prometheus.Desc, t prometheus.ValueType, value float64, labels ...string)

// Describe implements [prometheus.Collector].
func (s *snapshot) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range s.descs {
		descs <- d
	}
}

// Collect implements [prometheus.Collector].
func (s *snapshot) Collect(metrics chan<- prometheus.Metric) {
	s.collect(func(d *prometheus.Desc, t prometheus.ValueType, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, t, value, labels...)
	})
}

// desc describes one of s's metrics.
func (s *snapshot) desc(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	s.descs = append(s.descs, d)
	return d
}
