package web

import (
	"context"
	"sync"
)

// Outlive has the exchange of ctx last until end is called, for a handler that
// has taken the connection over and returns before it has done with it: until
// then nothing of what is to happen at the end of an exchange does. It is
// called in the handler, once. The context that it returns has the values of
// ctx and does not end with the handler.
func Outlive(ctx context.Context) (_ context.Context, end func()) {
	q := requestOf(ctx)
	if q == nil {
		q = new(request)
	}
	q.outlives = true
	return context.WithoutCancel(ctx), q.ending.end
}

// ending is what is to happen when an exchange that outlives its handler ends.
type ending struct {
	mu    sync.Mutex
	ended bool     // guarded by mu
	then  []func() // guarded by mu
}

// do runs f at the end, or now if that has been.
func (e *ending) do(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		f()
		return
	}
	e.then = append(e.then, f)
}

// end runs what is to happen, in the order in which it was said.
func (e *ending) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = true
	for _, f := range e.then {
		f()
	}
}

// finally runs f when the exchange is over, which it is as soon as the handler
// has returned unless it outlives that. Middleware defers it.
func (q *request) finally(f func()) {
	if q.outlives {
		q.ending.do(f)
		return
	}
	f()
}
