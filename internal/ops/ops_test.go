package ops_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userd/userd/internal/ops"
)

// start serves an ops address whose log level is info.
func start(t *testing.T) (url string, level *slog.LevelVar) {
	t.Helper()
	level = new(slog.LevelVar)
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") })
	s := httptest.NewServer(ops.New(metrics, level, slog.New(slog.DiscardHandler)))
	t.Cleanup(s.Close)
	return s.URL, level
}

// send sends a request and returns the status and the body of the answer.
func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestLogLevelIsChangedWhileItRuns(t *testing.T) {
	url, level := start(t)
	for _, tt := range []struct {
		method, body string
		status       int
		answer       string
		level        slog.Level
	}{
		{"GET", "", 200, "info\n", slog.LevelInfo},
		{"PUT", "debug", 200, "debug\n", slog.LevelDebug},
		{"PUT", "ERROR\n", 200, "error\n", slog.LevelError},
		{"PUT", "loud", 400, "the body must be debug, info, warn or error\n", slog.LevelError},
		{"PUT", "", 400, "the body must be debug, info, warn or error\n", slog.LevelError},
		{"PUT", strings.Repeat("x", 1000), 400, "the body must be debug, info, warn or error\n", slog.LevelError},
		{"GET", "", 200, "error\n", slog.LevelError},
		{"DELETE", "", 405, "Method Not Allowed\n", slog.LevelError},
	} {
		status, answer := send(t, tt.method, url+"/log-level", tt.body)
		if status != tt.status || answer != tt.answer || level.Level() != tt.level {
			t.Errorf("%s %q: %d %q, level %v", tt.method, tt.body, status, answer, level)
		}
	}
}

func TestPages(t *testing.T) {
	url, _ := start(t)
	for path, want := range map[string]string{
		"/": "/metrics", "/metrics": "metrics", "/debug/pprof/": "goroutine", "/debug/pprof/heap?debug=1": "heap profile",
		"/debug/pprof/cmdline": "ops.test", "/debug/pprof/symbol": "num_symbols",
	} {
		if status, body := send(t, "GET", url+path, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200q", path, status, body)
		}
	}
	if status, _ := send(t, "GET", url+"/users", ""); status != 404 {
		t.Errorf("/users: %d", status)
	}
}
