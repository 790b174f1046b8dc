package telemetry

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres"
)

// scrapeTimeout bounds what a scrape asks of the store.
const scrapeTimeout = 2 * time.Second

const (
	gauge   = prometheus.GaugeValue
	counter = prometheus.CounterValue
)

// WatchService has scrapes look at svc.
func (t *Telemetry) WatchService(svc *service.Service) {
	t.watchHashing(svc)
	t.watchAttempts(svc)
	t.watchChanges(svc)
	t.watchSchemes(svc)
}

func (t *Telemetry) watchHashing(svc *service.Service) {
	s := new(snapshot)
	running := s.desc("hashing_running", "Passwords that are being hashed.")
	waiting := s.desc("hashing_waiting", "Requests that wait to have a password hashed.")
	entered := s.desc("hashing_total", "Passwords that were hashed.")
	refused := s.desc("hashing_refused_total", "Requests that were refused because too many waited or one waited too long.")
	waited := s.desc("hashing_wait_seconds_total", "Time that requests have waited to have a password hashed.")
	s.collect = func(send send) {
		l := svc.Hashing()
		send(running, gauge, float64(l.Running))
		send(waiting, gauge, float64(l.Waiting))
		send(entered, counter, float64(l.Entered))
		send(refused, counter, float64(l.Refused))
		send(waited, counter, l.Waited.Seconds())
	}
	t.registry.MustRegister(s)
}

func (t *Telemetry) watchAttempts(svc *service.Service) {
	s := new(snapshot)
	attempts := s.desc("password_attempts_total", "Passwords that somebody had verified, and those refused unseen because too many had been wrong.", "outcome")
	s.collect = func(send send) {
		a := svc.Attempts()
		send(attempts, counter, float64(a.OK), "ok")
		send(attempts, counter, float64(a.Invalid), "invalid")
		send(attempts, counter, float64(a.Waiting), "waiting")
	}
	t.registry.MustRegister(s)
}

func (t *Telemetry) watchChanges(svc *service.Service) {
	s := new(snapshot)
	up := s.desc("store_up", "1 when the store answers and takes changes.")
	newest := s.desc("change_log_newest", "Number of the newest change.")
	open := s.desc("change_feeds_open", "Streams and subscriptions that follow the change log.")
	behind := s.desc("change_feed_lag_changes", "Changes that the slowest of them has yet to read.")
	s.collect = func(send send) {
		ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
		defer cancel()
		if svc.Ping(ctx) != nil {
			send(up, gauge, 0)
		} else {
			send(up, gauge, 1)
		}
		if l, err := svc.Feeds(ctx); err == nil {
			send(newest, gauge, float64(l.Newest))
			send(open, gauge, float64(l.Open))
			send(behind, gauge, float64(l.Behind))
		}
	}
	t.registry.MustRegister(s)
}

// schemesEvery is how often users are counted by password scheme at most, as all
// of them have to be read.
const schemesEvery = 5 * time.Minute

func (t *Telemetry) watchSchemes(svc *service.Service) {
	s := new(snapshot)
	users := s.desc("users", "Users by the scheme of their password hash, counted at most every five minutes.", "password_scheme")
	var mu sync.Mutex
	var counted time.Time
	var schemes map[string]int
	s.collect = func(send send) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(counted) >= schemesEvery {
			ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
			defer cancel()
			if found, err := svc.PasswordSchemes(ctx); err == nil {
				schemes = found
			}
			counted = time.Now() // also when it failed: a scrape must not wait for that every time
		}
		for scheme, n := range schemes {
			send(users, gauge, float64(n), scheme)
		}
	}
	t.registry.MustRegister(s)
}

// WatchFile has scrapes look at the size of the file at path.
func (t *Telemetry) WatchFile(path string) {
	s := new(snapshot)
	size := s.desc("file_bytes", "Size of the file with the users, and of its write-ahead log.", "part")
	s.collect = func(send send) {
		for part, name := range map[string]string{"database": path, "wal": path + "-wal"} {
			if info, err := os.Stat(name); err == nil {
				send(size, gauge, float64(info.Size()), part)
			}
		}
	}
	t.registry.MustRegister(s)
}

// WatchConnections has scrapes look at a store's connections to PostgreSQL.
func (t *Telemetry) WatchConnections(load func() postgres.Load) {
	s := new(snapshot)
	connections := s.desc("postgres_connections", "Connections of the pool.", "state")
	limit := s.desc("postgres_connections_max", "Most connections that the pool may have.")
	reading := s.desc("postgres_reads", "Reads under way, waiting for a connection included.")
	acquired := s.desc("postgres_acquires_total", "Times that a connection was taken from the pool.")
	canceled := s.desc("postgres_acquires_canceled_total", "Times that a caller gave up waiting for one.")
	waited := s.desc("postgres_acquire_seconds_total", "Time that callers took to get one.")
	s.collect = func(send send) {
		l := load()
		send(connections, gauge, float64(l.InUse), "in_use")
		send(connections, gauge, float64(l.Open-l.InUse), "idle")
		send(limit, gauge, float64(l.Max))
		send(reading, gauge, float64(l.Reading))
		send(acquired, counter, float64(l.Acquired))
		send(canceled, counter, float64(l.Canceled))
		send(waited, counter, l.Waited.Seconds())
	}
	t.registry.MustRegister(s)
}
