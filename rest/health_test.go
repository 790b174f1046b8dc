package rest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/userd/userd/service"
)

func TestHealth(t *testing.T) {
	store := &faultyStore{Store: newStore(t)}
	drain, startDraining := context.WithCancel(t.Context())
	s := serveStore(t, store, Config{Version: "1.2.3", Drain: drain})
	answers := func(path string, status int, body string) {
		t.Helper()
		p := s.get(path).is(status).has("Content-Type", "application/json").has("Cache-Control", "no-store")
		if p.body != body+"\n" {
			t.Errorf("%s: %s, want %s", path, p.body, body)
		}
		s.send("HEAD", path, "", nil).is(status)
	}
	answers("/health", 200, `{"status":"healthy","version":"1.2.3","checks":{"store":"ok"}}`)
	answers("/readyz", 200, `{"status":"ready","checks":{"server":"ok","store":"ok"}}`)
	answers("/livez", 200, `{"status":"alive"}`)

	startDraining()
	answers("/health", 200, `{"status":"healthy","version":"1.2.3","checks":{"store":"ok"}}`)
	answers("/readyz", 503, `{"status":"not_ready","checks":{"server":"draining","store":"ok"}}`)
	answers("/livez", 200, `{"status":"alive"}`)

	s = serveStore(t, &faultyStore{newStore(t), errors.New("secret cause")}, Config{})
	answers("/health", 503, `{"status":"unhealthy","version":"(devel)","checks":{"store":"failing"}}`)
	answers("/readyz", 503, `{"status":"not_ready","checks":{"server":"ok","store":"failing"}}`)
	answers("/livez", 200, `{"status":"alive"}`)
	if !strings.Contains(s.log.String(), "secret cause") {
		t.Errorf("the log has %s", s.log)
	}
}

// TestHealthLogsWhatHasChanged: probes come by the second, and a store that is
// away for an hour is one line in the log.
func TestHealthLogsWhatHasChanged(t *testing.T) {
	store := &faultyStore{Store: newStore(t)}
	var log bytes.Buffer
	h := New(newService(store), Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, err := range []error{nil, errors.New("away"), errors.New("away"), nil, nil, errors.New("away")} {
		store.err = err
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/readyz", nil))
	}
	if strings.Count(log.String(), "does not answer") != 2 || strings.Count(log.String(), "answers again") != 1 {
		t.Errorf("the log has %s", &log)
	}
}

// TestProbeThatGoesTellsNothing: that a probe has no patience is no news of the store.
func TestProbeThatGoesTellsNothing(t *testing.T) {
	var log bytes.Buffer
	h := New(newService(silentStore{newStore(t)}), Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	gone, leave := context.WithCancel(t.Context())
	leave()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/readyz", nil).WithContext(gone))
	if log.Len() > 0 {
		t.Errorf("the log has %s", &log)
	}
}

// silentStore is a store whose engine never answers.
type silentStore struct{ service.Store }

func (silentStore) Ping(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestHealthDoesNotWaitForever(t *testing.T) {
	svc := newService(silentStore{newStore(t)})
	synctest.Test(t, func(t *testing.T) { // a bubble's time flies
		w := httptest.NewRecorder()
		New(svc, Config{}).ServeHTTP(w, httptest.NewRequest("GET", "/health", nil))
		if w.Code != 503 {
			t.Errorf("status %d", w.Code)
		}
	})
}
