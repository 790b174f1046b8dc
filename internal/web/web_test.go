package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// serve answers one request by h.
func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// logger is a logger and what it has logged.
func logger() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(web.WithRequestID(slog.NewJSONHandler(&b, nil))), &b
}

// entry is the one entry of a log.
func entry(t *testing.T, log *bytes.Buffer) (e map[string]any) {
	t.Helper()
	if err := json.Unmarshal(log.Bytes(), &e); err != nil {
		t.Fatalf("%s: %v", log, err)
	}
	return e
}

func TestRequestIDs(t *testing.T) {
	h := web.WithRequestIDs(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, web.RequestID(r.Context()))
	}))
	for _, tt := range []struct {
		name, id string
		kept     bool
	}{
		{"none", "", false},
		{"harmless", "Az09._-", true},
		{"the longest", strings.Repeat("x", 64), true},
		{"too long", strings.Repeat("x", 65), false},
		{"line break", "a\nlevel=ERROR", false},
		{"space", "a b", false},
		{"Unicode", "é", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set(web.RequestIDHeader, tt.id)
			w := serve(h, r)
			got := w.Body.String()
			if got == "" || (got == tt.id) != tt.kept || w.Header().Get(web.RequestIDHeader) != got {
				t.Errorf("id %q, header %q", got, w.Header().Get(web.RequestIDHeader))
			}
		})
	}
	if id := web.RequestID(t.Context()); id != "" {
		t.Errorf("outside of a request the id is %q", id)
	}
}

func TestLogRecordsCarryTheRequestID(t *testing.T) {
	log, lines := logger()
	h := web.WithRequestIDs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.With("with", 1).WithGroup("group").InfoContext(r.Context(), "hello", "in", 2)
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set(web.RequestIDHeader, "mine")
	serve(h, r)
	if e := entry(t, lines); e["with"] != 1.0 || e["group"].(map[string]any)["request_id"] != "mine" {
		t.Errorf("logged %v", e)
	}
}

func TestAccessLog(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		status  float64
		bytes   float64
		route   string
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, 200, 0, ""},
		{"body alone", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, 200, 5, ""},
		{"status and route", func(w http.ResponseWriter, r *http.Request) {
			web.SetRoute(r.Context(), "/users/{id}")
			w.WriteHeader(http.StatusNotFound)
		}, 404, 0, "/users/{id}"},
		{"early hints first", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		}, 201, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log, lines := logger()
			serve(web.WithAccessLog(log)(tt.handler), httptest.NewRequest(http.MethodGet, "/users/secret?q=secret", nil))
			e := entry(t, lines)
			if e["status"] != tt.status || e["bytes"] != tt.bytes || e["route"] != tt.route || e["method"] != "GET" {
				t.Errorf("logged %v", e)
			}
			if strings.Contains(lines.String(), "secret") {
				t.Errorf("the log holds the path: %s", lines)
			}
		})
	}
	web.SetRoute(t.Context(), "/nowhere") // outside of a logged request it does nothing
}

func TestObserversAreToldWhatHappened(t *testing.T) {
	for _, tt := range []struct {
		name, method string
		handler      http.HandlerFunc
		want         web.Exchange
	}{
		{"who asked", "GET", func(_ http.ResponseWriter, r *http.Request) { web.SetActor(r.Context(), "me") },
			web.Exchange{Method: "GET", Status: 200, Actor: "me"}},
		{"invented method", "SECRET", func(http.ResponseWriter, *http.Request) {}, web.Exchange{Method: "other", Status: 200, Actor: "anonymous"}},
		{"events", "GET", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/event-stream") },
			web.Exchange{Method: "GET", Status: 200, Actor: "anonymous", IsStream: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got web.Exchange
			serve(web.WithObservers(func(_ context.Context, x web.Exchange) { got = x })(tt.handler), httptest.NewRequest(tt.method, "/", nil))
			if got.Duration <= 0 {
				t.Error("it took no time")
			}
			if got.Duration = 0; got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
	web.SetActor(t.Context(), "nobody") // outside of an observed request it does nothing
}

// TestAccessLogPassesOverProbesThatAreWell: what asks every few hundred
// milliseconds must not bury the rest.
func TestAccessLogPassesOverProbesThatAreWell(t *testing.T) {
	for _, tt := range []struct {
		route  string
		status int
		logged bool
	}{{"/readyz", 200, false}, {"/livez", 200, false}, {"/readyz", 503, true}, {"/health", 200, true}} {
		log, lines := logger()
		serve(web.WithAccessLog(log)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			web.SetRoute(r.Context(), tt.route)
			w.WriteHeader(tt.status)
		})), httptest.NewRequest(http.MethodGet, "/", nil))
		if logged := lines.Len() > 0; logged != tt.logged {
			t.Errorf("%s answered by %d: logged is %t", tt.route, tt.status, logged)
		}
	}
}

func TestAccessLogLetsHandlersFlush(t *testing.T) {
	log, _ := logger()
	w := serve(web.WithAccessLog(log)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})), httptest.NewRequest(http.MethodGet, "/", nil))
	if !w.Flushed {
		t.Error("nothing was flushed")
	}
}

var teapot = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })

func TestRecoveryAnswersAndLogs(t *testing.T) {
	log, lines := logger()
	w := serve(web.WithRecovery(log, teapot)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh no") })),
		httptest.NewRequest(http.MethodGet, "/", nil))
	if e := entry(t, lines); w.Code != http.StatusTeapot || e["panic"] != "oh no" || !strings.Contains(e["stack"].(string), "web_test.go") {
		t.Errorf("status %d, logged %v", w.Code, e)
	}
	if w := serve(web.WithRecovery(log, nil)(teapot), httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusTeapot {
		t.Errorf("without a panic the status is %d", w.Code)
	}
}

func TestRecoveryAbortsWhatHasBegun(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			panic("oh no")
		},
		"aborted by the handler": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			log, _ := logger()
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("panicked with %v, want the connection aborted", v)
				}
			}()
			serve(web.WithRecovery(log, teapot)(h), httptest.NewRequest(http.MethodGet, "/", nil))
		})
	}
}

func TestBodyLimit(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 10: true, 11: false, 1000: false} {
		serve(web.WithBodyLimit(10)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			_, tooLarge := errors.AsType[*http.MaxBytesError](err)
			if tooLarge == ok || n > 10 {
				t.Errorf("of %d bytes %d were read: %v", size, n, err)
			}
		})), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", size))))
	}
}

func TestABodyInChunksIsTheLastOfItsConnection(t *testing.T) {
	for encoding, want := range map[string]string{"": "", "chunked": "close"} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		if encoding != "" {
			r.TransferEncoding = []string{encoding}
		}
		if got := serve(web.WithSafeFraming(teapot), r).Header().Get("Connection"); got != want {
			t.Errorf("after %q: %q, want %q", encoding, got, want)
		}
	}
}

func TestWithActor(t *testing.T) {
	h := web.WithRequestIDs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx := web.WithActor(r, service.KeyActor("app", nil)).Context()
		if o := service.OriginOf(ctx); o.RequestID != "mine" || o.Actor != "key:app" {
			t.Errorf("origin %+v", o)
		}
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set(web.RequestIDHeader, "mine")
	serve(h, r)
}
