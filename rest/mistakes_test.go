package rest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/userd/userd/service"
)

// A mistake in the query hides nothing that matters more: that the caller may
// not ask at all, or has to wait, or that the service is away or has failed.
func TestMistakesInAQueryHideNoOtherError(t *testing.T) {
	for name, c := range map[string]struct{ path, accept string }{
		"users":   {"/users?x=1", typeJSON},
		"changes": {"/changes?x=1", typeJSON},
		"stream":  {"/changes?x=1", typeEvents},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(s *server) *reply {
				t.Helper()
				return s.send("GET", c.path, "", header{"Accept": c.accept, "Authorization": "Bearer app"})
			}
			t.Run("nothing else is wrong", func(t *testing.T) {
				ask(serve(t)).refuses(400, "x UNKNOWN_FIELD")
			})
			t.Run("forbidden", func(t *testing.T) {
				nothing := func(context.Context, string) (service.Actor, error) { return service.KeyActor("app", nil), nil }
				s := serveService(t, service.New(newStore(t), service.Config{Authenticators: []service.Authenticator{nothing}}), Config{})
				ask(s).problem(403, service.CodeForbidden)
			})
			t.Run("rate-limited", func(t *testing.T) {
				now := time.Now()
				s := serveService(t, service.New(newStore(t), service.Config{
					Rates: service.RateLimits{Reads: 1}, Now: func() time.Time { return now }}), Config{})
				for range 10 {
					ask(s).refuses(400, "x UNKNOWN_FIELD") // which counts as any other
				}
				ask(s).has("Retry-After", "1").problem(429, service.CodeRateLimited)
			})
			t.Run("away", func(t *testing.T) {
				s := serveStore(t, &faultyStore{newStore(t), &service.UnavailableError{RetryAfter: 7 * time.Second}}, Config{})
				ask(s).has("Retry-After", "7").problem(503, service.CodeUnavailable)
			})
			t.Run("failed", func(t *testing.T) {
				s := serveStore(t, &faultyStore{newStore(t), errors.New("disk /dev/sda1 is on fire")}, Config{})
				ask(s).problem(500, service.CodeInternal)
				if !strings.Contains(s.log.String(), "on fire") {
					t.Errorf("the log has %s", s.log)
				}
			})
		})
	}
}
