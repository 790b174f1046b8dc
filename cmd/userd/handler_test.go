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

// hotPaths are what the service is asked most, of a store of 50 users.
var hotPaths = []struct {
	name, path string // %s stands for a user's id
	// allocations is how many a request makes in the handler, the copy of the
	// request among them, net/http's own left out.
	allocations float64
}{
	{"user", "/users/%s", 20},
	{"list of 50", "/users", 35},
}

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
	return newHandler(svc, handlerConfig{log: log, drain: tb.Context(), maxBody: 1 << 18, access: accessSettings{Docs: true}, telemetry: measured}), id
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

// BenchmarkHandler is what a read from memory costs without net/http.
func BenchmarkHandler(b *testing.B) {
	h, id := hotHandler(b)
	for _, p := range hotPaths {
		b.Run(p.name, func(b *testing.B) {
			ask := asker(b, h, pathOf(p.path, id))
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}

func pathOf(path, id string) string {
	if path == "/users" {
		return path
	}
	return fmt.Sprintf(path, id)
}
