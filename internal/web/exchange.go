package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/userd/userd/service"
)

// Exchange is a request and what became of it.
type Exchange struct {
	// Method is one that HTTP knows, or "other".
	Method string
	// Route is the pattern of the route that served it: not the path, which may
	// hold personal data and has no end of values.
	Route string
	// Actor is who asked: "anonymous" until it is known.
	Actor string
	// Status is what was answered, with how many bytes of body, in which time.
	Status   int
	Bytes    int64
	Duration time.Duration
	// IsStream tells an answer that lasts until somebody goes: a WebSocket or a
	// stream of events.
	IsStream bool
}

// Observer is told of each exchange when it is over, with the context that the
// request came in.
type Observer func(context.Context, Exchange)

// SetRoute tells observers which route serves the request.
func SetRoute(ctx context.Context, pattern string) {
	if r := requestOf(ctx); r != nil {
		r.exchange.Route = pattern
	}
}

// SetActor tells observers who asks: an id, and nothing personal.
func SetActor(ctx context.Context, actor string) {
	if r := requestOf(ctx); r != nil {
		r.exchange.Actor = actor
	}
}

// WithAccessLog logs one line for each request when it is done.
func WithAccessLog(log *slog.Logger) func(http.Handler) http.Handler {
	return WithObservers(AccessLog(log))
}

// WithObservers tells observers of each request when it is done.
func WithObservers(observers ...Observer) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			q, r := begin(r)
			x, rec := &q.exchange, &q.answer
			x.Method, x.Actor, rec.ResponseWriter = knownMethod(r.Method), service.Actor{}.String(), w
			defer func() {
				x.Status, x.Bytes, x.IsStream = rec.Status(), rec.bytes, rec.isStream()
				if !q.outlives { // asked here, so that only those that do need a closure in memory
					q.tell(r.Context(), observers, start)
					return
				}
				ctx := r.Context()
				q.answer, q.http = recorder{}, http.Request{} // which nobody needs any more, and which hold much
				q.finally(func() { q.tell(ctx, observers, start) })
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

// tell tells observers of an exchange that is over.
func (q *request) tell(ctx context.Context, observers []Observer, start time.Time) {
	q.exchange.Duration = time.Since(start)
	for _, observe := range observers {
		observe(ctx, q.exchange)
	}
}

// WithCount counts the requests that next serves, until they are over.
func WithCount(requests *sync.WaitGroup, next http.Handler) http.Handler {
	done := requests.Done
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, r := begin(r)
		requests.Add(1)
		defer q.finally(done)
		next.ServeHTTP(w, r)
	})
}

// knownMethod keeps clients from inventing methods without end.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodHead, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "other"
}

// recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Status is the status that was answered; 200 where the handler set none.
func (r *recorder) Status() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// isStream tells whether the answer was a WebSocket or a stream of events.
func (r *recorder) isStream() bool {
	return r.status == http.StatusSwitchingProtocols || strings.HasPrefix(r.Header().Get("Content-Type"), "text/event-stream")
}

// WriteHeader notes the first final status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the body's bytes.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
