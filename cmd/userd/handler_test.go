package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// hotHandler is the whole handler as the program serves it, log and all, and
// the id of one of its users.
func hotHandler(tb testing.TB) (h http.Handler, id string) {
	tb.Helper()
	store := memory.New()
	tb.Cleanup(func() { store.Close() })
	measured := telemetry.New("", noop.NewTracerProvider())
	svc := service.New(measured.Store(store), service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}})
	for i := range 50 {
		u, err := svc.CreateUser(tb.Context(), service.UserInput{Email: service.Some(fmt.Sprintf("john.doe%d@example.com", i)),
			FirstName: service.Some("John"), LastName: service.Some("Doe"), Password: service.Some("correct horse battery")})
		if err != nil {
			tb.Fatal(err)
		}
		id = u.ID.String()
	}
	log := slog.New(web.WithRequestID(slog.NewJSONHandler(devNull{}, nil)))
	settings := serveCmd{connectionSettings: connectionSettings{MaxBodyBytes: 1 << 18}, accessSettings: accessSettings{Docs: true}}
	return settings.newHandler(svc, handlerConfig{log: log, drain: tb.Context(), telemetry: measured}), id
}

// devNull takes what is written like a file; [io.Discard] would have the
// logger make no lines at all.
type devNull struct{}

func (devNull) Write(b []byte) (int, error) { return len(b), nil }

// discard is a response that nobody reads; it costs nothing of its own.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// asker returns a function that has h answer a GET of path.
func asker(tb testing.TB, h http.Handler, path string) func() {
	request := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, path, nil)
	w := &discard{header: make(http.Header)}
	return func() {
		clear(w.header)
		r := *request
		h.ServeHTTP(w, &r)
		if w.status != http.StatusOK {
			tb.Fatalf("GET %s: %d", path, w.status)
		}
	}
}
