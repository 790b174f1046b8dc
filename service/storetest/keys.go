package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// apiKey is a key of this name, with a hash of its own.
func apiKey(name string) service.Key {
	return service.Key{Name: name, Scopes: []service.Scope{service.ScopeUsersRead, service.ScopeChangesRead}, Hash: service.HashKey(name), CreatedAt: start}
}

// createKey adds keys to s.
func createKey(t *testing.T, s service.Store, keys ...service.Key) {
	t.Helper()
	for _, k := range keys {
		if err := s.CreateKey(t.Context(), k); err != nil {
			t.Fatalf("create the key %s: %v", k.Name, err)
		}
	}
}

// wantKeys holds the keys of s to want.
func wantKeys(t *testing.T, s service.Store, want ...service.Key) {
	t.Helper()
	got, err := s.Keys(t.Context())
	wantSame(t, "Keys", want, got, err)
}

func keyCases() []contract {
	return []contract{
		{"an empty store has none", func(t *testing.T, s service.Store) { wantKeys(t, s) }},
		{"are listed in the order of the bytes of their names", func(t *testing.T, s service.Store) {
			names := []string{"b", "a", "a-b", "a.b", "a_b", "ab", "0", "z9"}
			for _, name := range names {
				createKey(t, s, apiKey(name))
			}
			slices.Sort(names)
			var want []service.Key
			for _, name := range names {
				want = append(want, apiKey(name))
			}
			wantKeys(t, s, want...)
		}},
		{"a name is taken until its key is revoked", func(t *testing.T, s service.Store) {
			createKey(t, s, apiKey("app"))
			second := apiKey("app")
			second.Hash, second.CreatedAt, second.Scopes = service.HashKey("second"), later, []service.Scope{service.ScopeAdmin}
			wantError[*service.KeyTakenError](t, s.CreateKey(t.Context(), second))
			wantKeys(t, s, apiKey("app"))
			if err := s.RevokeKey(t.Context(), "app", later); err != nil {
				t.Fatal(err)
			}
			createKey(t, s, second)
			wantKeys(t, s, second)
		}},
		{"a revoked key stays, and is revoked once", func(t *testing.T, s service.Store) {
			createKey(t, s, apiKey("app"), apiKey("other"))
			if err := s.RevokeKey(t.Context(), "app", later); err != nil {
				t.Fatal(err)
			}
			revoked := apiKey("app")
			revoked.RevokedAt = later
			wantError[*service.KeyNotFoundError](t, s.RevokeKey(t.Context(), "app", later.Add(time.Hour)))
			wantKeys(t, s, revoked, apiKey("other"))
		}},
		{"no key of a name cannot be revoked", func(t *testing.T, s service.Store) {
			createKey(t, s, apiKey("app"))
			wantError[*service.KeyNotFoundError](t, s.RevokeKey(t.Context(), "App", later))
			wantKeys(t, s, apiKey("app"))
		}},
		{"a use is noted once in an interval", func(t *testing.T, s service.Store) {
			createKey(t, s, apiKey("app"), apiKey("other"))
			used := apiKey("app")
			for _, step := range []struct{ at, noted time.Time }{
				{later, later},
				{later.Add(service.KeyUseInterval - time.Microsecond), later},
				{later.Add(-time.Hour), later},
				{later.Add(service.KeyUseInterval), later.Add(service.KeyUseInterval)},
			} {
				if err := s.TouchKey(t.Context(), used.Hash, step.at); err != nil {
					t.Fatal(err)
				}
				used.LastUsedAt = step.noted
				wantKeys(t, s, used, apiKey("other"))
			}
		}},
		{"a use of no key is nothing", func(t *testing.T, s service.Store) {
			createKey(t, s, apiKey("app"))
			if err := s.TouchKey(t.Context(), service.HashKey("nobody"), later); err != nil {
				t.Error(err)
			}
			wantKeys(t, s, apiKey("app"))
		}},
		{"are not in the change log", func(t *testing.T, s service.Store) {
			wantUnchanged(t, s, func() {
				createKey(t, s, apiKey("app"))
				_ = s.TouchKey(t.Context(), service.HashKey("app"), later)
				_ = s.RevokeKey(t.Context(), "app", later)
			})
		}},
		{"what is returned is the caller's", func(t *testing.T, s service.Store) {
			k := apiKey("app")
			createKey(t, s, k)
			k.Scopes[0] = service.ScopeAdmin
			wantKeys(t, s, apiKey("app"))
			keys, err := s.Keys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			keys[0].Scopes[0] = service.ScopeAdmin
			wantKeys(t, s, apiKey("app"))
		}},
		{"of two with one name one wins", raceForKeyName},
		{"an ended context changes nothing", func(t *testing.T, s service.Store) {
			createKey(t, s, apiKey("app"))
			ctx := cancelled(t)
			for name, call := range map[string]func(context.Context) error{
				"CreateKey": func(ctx context.Context) error { return s.CreateKey(ctx, apiKey("new")) },
				"RevokeKey": func(ctx context.Context) error { return s.RevokeKey(ctx, "app", later) },
				"TouchKey":  func(ctx context.Context) error { return s.TouchKey(ctx, service.HashKey("app"), later) },
				"Keys":      func(ctx context.Context) error { _, err := s.Keys(ctx); return err },
			} {
				if err := call(ctx); !errors.Is(err, errHungUp) {
					t.Errorf("%s: %v", name, err)
				}
			}
			wantKeys(t, s, apiKey("app"))
		}},
	}
}

func raceForKeyName(t *testing.T, s service.Store) {
	const callers = 8
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			k := apiKey("app")
			k.Hash[0] = byte(i)
			errs[i] = s.CreateKey(t.Context(), k)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if diff := cmp.Diff(service.CodeKeyTaken, service.CodeOf(err)); diff != "" {
			t.Errorf("a loser got %v", err)
		}
	}
	if keys, err := s.Keys(t.Context()); err != nil || won != 1 || len(keys) != 1 {
		t.Errorf("%d have won, there are %d keys, %v", won, len(keys), err)
	}
}
