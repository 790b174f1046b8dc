package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// TestConnectionCutInAChangeOfAKey: whatever moment the connection is lost at,
// a key is added or revoked once or not at all, and the answer is true.
func TestConnectionCutInAChangeOfAKey(t *testing.T) {
	const committing = "commit\x00"
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		cut           cut
		unknown, away bool
		made          bool
	}{
		{cut{at: "userd_keys"}, false, false, true},
		{cut{at: "userd_keys", stayDown: true}, false, true, false},
		{cut{at: committing}, false, false, true},
		{cut{at: committing, answered: true}, false, false, true},
		{cut{at: committing, stayDown: true}, true, false, false},
		{cut{at: committing, answered: true, stayDown: true}, true, false, true},
	} {
		t.Run(c.cut.String(), func(t *testing.T) {
			t.Parallel()
			p, url := behindProxy(t, postgrestest.URL(t))
			s, _ := opened(t, Config{URL: url})
			old := service.Key{Name: "old", Scopes: []service.Scope{service.ScopeUsersRead}, Hash: service.KeyHash{1}, CreatedAt: at}
			if err := s.CreateKey(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			added := service.Key{Name: "new", Scopes: []service.Scope{service.ScopeUsersRead}, Hash: service.KeyHash{2}, CreatedAt: at}
			for name, change := range map[string]func() error{
				"add":    func() error { return s.CreateKey(t.Context(), added) },
				"revoke": func() error { return s.RevokeKey(t.Context(), "old", at) },
			} {
				p.cutAt(c.cut)
				err := change()
				_, unknown := errors.AsType[*service.OutcomeUnknownError](err)
				_, away := errors.AsType[*service.UnavailableError](err)
				if unknown != c.unknown || away && !unknown != c.away || err != nil && !unknown && !away {
					t.Errorf("%s: the error is %v", name, err)
				}
				p.setDown(false)
			}
			keys, err := s.Keys(t.Context())
			if err != nil || len(keys) == 0 {
				t.Fatalf("the keys are %v, %v", keys, err)
			}
			if there, revoked := len(keys) == 2, !keys[len(keys)-1].RevokedAt.IsZero(); there != c.made || revoked != c.made {
				t.Errorf("the keys are %+v", keys)
			}
		})
	}
}
