package main

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// traffic is clients that write and read without a pause, spread over some
// servers, and keep book of what they are told.
type traffic struct {
	client  *http.Client
	writers []*writer
	routes  []*route
	stop    chan struct{}
	ended   sync.WaitGroup
	slowest atomic.Int64 // the longest that any request has taken, as a time.Duration
}

// route is a way to the service: a server, or a proxy before several.
type route struct {
	base             string
	written, read    atomic.Int64 // requests that were answered with success
	refused, doubted atomic.Int64 // changes that were not made, or perhaps
	unread           atomic.Int64 // reads that were refused
}

// pace is how soon a client tries again what was refused.
const pace = 5 * time.Millisecond

// newTraffic has the writers write by way of the given addresses, and one more
// client for each of these read.
func newTraffic(t *testing.T, writers []*writer, bases ...string) *traffic {
	t.Helper()
	l := &traffic{client: newClient(t), writers: writers, stop: make(chan struct{})}
	for _, base := range bases {
		l.routes = append(l.routes, &route{base: base})
	}
	for i, w := range writers {
		l.ended.Go(func() { l.write(t, w, l.routes[i%len(l.routes)]) })
	}
	for _, r := range l.routes {
		l.ended.Go(func() { l.read(t, r) })
	}
	t.Cleanup(l.end)
	return l
}

// end has the clients finish what they are about.
func (l *traffic) end() {
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.ended.Wait()
}

func (l *traffic) write(t *testing.T, w *writer, r *route) {
	for l.goesOn() {
		refused, doubts := w.refused, len(w.doubts)
		begin := time.Now()
		answered, err := w.write(l.client, r.base)
		l.took(time.Since(begin))
		switch {
		case !answered || err != nil:
			t.Errorf("a request to change a user was not answered as it should: %v", err)
			return
		case w.refused > refused:
			r.refused.Add(1)
			<-time.After(pace)
		case len(w.doubts) > doubts:
			r.doubted.Add(1)
		default:
			r.written.Add(1)
		}
	}
}

func (l *traffic) read(t *testing.T, r *route) {
	for l.goesOn() {
		begin := time.Now()
		status, answer, err := sendJSON(l.client, http.MethodGet, r.base+"/users?limit=1", nil)
		l.took(time.Since(begin))
		switch {
		case err != nil || status != http.StatusOK && status != http.StatusServiceUnavailable:
			t.Errorf("a request to read users: %d %s %v", status, answer, err)
			return
		case status == http.StatusOK:
			r.read.Add(1)
		default:
			r.unread.Add(1)
		}
		<-time.After(pace)
	}
}

func (l *traffic) goesOn() bool {
	select {
	case <-l.stop:
		return false
	default:
		return true
	}
}

func (l *traffic) took(d time.Duration) {
	for {
		slowest := l.slowest.Load()
		if int64(d) <= slowest || l.slowest.CompareAndSwap(slowest, int64(d)) {
			return
		}
	}
}

// acknowledged, refused and doubted count the changes by what the clients were
// told of them.
func (l *traffic) acknowledged() int64 {
	return l.sum(func(r *route) *atomic.Int64 { return &r.written })
}
func (l *traffic) refused() int64 { return l.sum(func(r *route) *atomic.Int64 { return &r.refused }) }
func (l *traffic) doubted() int64 { return l.sum(func(r *route) *atomic.Int64 { return &r.doubted }) }

// unread counts the reads that were refused.
func (l *traffic) unread() int64 { return l.sum(func(r *route) *atomic.Int64 { return &r.unread }) }

func (l *traffic) sum(of func(*route) *atomic.Int64) (n int64) {
	for _, r := range l.routes {
		n += of(r).Load()
	}
	return n
}

// awaitChanges waits until n more changes are acknowledged.
func (l *traffic) awaitChanges(t *testing.T, n int64) {
	t.Helper()
	goal := l.acknowledged() + n
	await(t, fmt.Sprintf("%d changes", n), func() bool { return l.acknowledged() >= goal || t.Failed() })
}

// awaitService waits until every server has taken a change and answered a read,
// and returns how long after since that was.
func (l *traffic) awaitService(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	type count struct{ written, read int64 }
	before := make([]count, len(l.routes))
	for i, r := range l.routes {
		before[i] = count{r.written.Load(), r.read.Load()}
	}
	await(t, "changes and reads on every server", func() bool {
		for i, r := range l.routes {
			if r.written.Load() == before[i].written || r.read.Load() == before[i].read {
				return t.Failed()
			}
		}
		return true
	})
	return time.Since(since)
}
