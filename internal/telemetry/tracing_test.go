package telemetry_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/userd/userd/internal/telemetry"
)

// tracing is what comes of these variables: the log, and how to end it.
func tracing(t *testing.T, variables map[string]string) (s *server, log *bytes.Buffer, stop func(), err error) {
	t.Helper()
	log = new(bytes.Buffer)
	spans, stop, err := telemetry.Tracing(t.Context(), func(name string) string { return variables[name] }, "1.2.3",
		slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		return nil, log, nil, err
	}
	return serve(t, telemetry.New("1.2.3", spans)), log, stop, nil
}

// collect counts the requests that come under a path, and answers by status.
func collect(t *testing.T, path string, status int) (url string, came *atomic.Int32) {
	t.Helper()
	came = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path && r.Header.Get("Content-Type") == "application/x-protobuf" {
			came.Add(1)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, came
}

func TestSpansGoWhereTheVariablesSay(t *testing.T) {
	url, came := collect(t, "/mine", http.StatusOK)
	for _, tt := range []struct {
		name      string
		variables map[string]string
		came      int32
	}{
		{"nowhere", nil, 0},
		{"to the traces' own endpoint, as it is", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/mine",
			"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "5000"}, 1},
		{"disabled", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/mine", "OTEL_SDK_DISABLED": "true"}, 0},
		{"no exporter", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/mine", "OTEL_TRACES_EXPORTER": "none"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			came.Store(0)
			s, log, stop, err := tracing(t, tt.variables)
			if err != nil {
				t.Fatal(err)
			}
			told := s.send("GET", "/users", "").Header.Get("Traceresponse") != ""
			s.query(`query Bad { users(first: -1) { totalCount } }`)
			stop()
			if came.Load() != tt.came || told != (tt.came > 0) || log.Len() > 0 {
				t.Errorf("%d came, told %v, logged %s", came.Load(), told, log)
			}
		})
	}
}

func TestCollectorThatRefusesIsLogged(t *testing.T) {
	url, came := collect(t, "/v1/traces", http.StatusTooManyRequests)
	s, log, stop, err := tracing(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/"})
	if err != nil {
		t.Fatal(err)
	}
	s.send("GET", "/users", "")
	stop()
	if came.Load() != 1 || !strings.Contains(log.String(), "429") {
		t.Errorf("%d came, logged %s", came.Load(), log)
	}
}

func TestVariablesThatMakeNoSense(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "ftp://collector", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
		"OTEL_EXPORTER_OTLP_HEADERS": "%zz=%zz", "OTEL_EXPORTER_OTLP_TIMEOUT": "0",
	} {
		_, _, _, err := tracing(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost", name: value})
		if err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
