package service_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

const day = 24 * time.Hour

// keyOf is the id of the key that a token names.
func keyID(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header["kid"].(string)
}

// published are the ids of the published keys.
func (w *world) published(t *testing.T) (ids []string) {
	t.Helper()
	keys, err := w.PublicKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return ids
}

// A key signs for 90 days. The next one is published an hour before, and the
// last one until an hour after.
func TestKeysChangeByThemselves(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	began := w.now
	keys := w.published(t)
	if len(keys) != 1 {
		t.Fatalf("%v", keys)
	}
	for _, tt := range []struct {
		at        time.Duration
		published []int // of all keys there have been
		signs     int
	}{
		{0, []int{0}, 0},
		{90*day - time.Hour - time.Second, []int{0}, 0},
		{90*day - time.Hour, []int{0, 1}, 0},
		{90*day - time.Second, []int{0, 1}, 0},
		{90 * day, []int{0, 1}, 1},
		{90*day + time.Hour - time.Second, []int{0, 1}, 1},
		{90*day + time.Hour, []int{1}, 1},
		{400 * day, []int{1, 2}, 1}, // nobody has asked for a long time
		{400*day + time.Hour, []int{1, 2}, 2},
		{400*day + 2*time.Hour, []int{2}, 2},
	} {
		w.now = began.Add(tt.at)
		got := w.published(t)
		if newest := got[len(got)-1]; !slices.Contains(keys, newest) {
			keys = append(keys, newest)
		}
		var published []int
		for _, id := range got {
			published = append(published, slices.Index(keys, id))
		}
		g := w.signIn(t, u.Email)
		if diff := cmp.Diff(tt.published, published); diff != "" || keyID(t, g.AccessToken) != keys[tt.signs] {
			t.Errorf("after %v key %d signs (-want +got):\n%s", tt.at, slices.Index(keys, keyID(t, g.AccessToken)), diff)
		}
		if _, err := w.claims(t, g.AccessToken); err != nil {
			t.Errorf("after %v: %v", tt.at, err)
		}
	}
}

func TestReplacingTheKeyAtOnce(t *testing.T) {
	w := newWorld(t)
	g := w.signIn(t, w.create(t, "ada@example.com").Email)
	old := w.published(t)
	k, err := w.RotateSigningKey(t.Context())
	if err != nil || !slices.Equal(w.published(t), []string{k.ID}) || slices.Contains(old, k.ID) {
		t.Fatalf("%+v, before %v, %v", k, old, err)
	}
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.AccessToken)))
	next := w.refresh(t, g.RefreshToken)
	if _, err := w.Authenticate(t.Context(), "Bearer "+next.AccessToken); err != nil {
		t.Error(err)
	}
}

// A connection that was let in with a token of a key that is dropped is let in no
// longer.
func TestReplacingTheKeyEndsConnections(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	ctx := as(t, w.bearer(t, accessToken)(u))
	if _, err := w.User(ctx, u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.RotateSigningKey(root(t)); err != nil {
		t.Fatal(err)
	}
	wantInvalid(t, first(w.User(ctx, u.ID)))
}

// The id of a key is its thumbprint. The example is that of RFC 8037, appendix A.
func TestThumbprint(t *testing.T) {
	seed, _ := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	store := memory.New()
	defer store.Close()
	item := service.Item{Kind: "signing-keys", Value: fmt.Appendf(nil, `[{"seed": %q, "from": "2026-01-01T00:00:00Z"}]`, base64.StdEncoding.EncodeToString(seed))}
	if err := store.ChangeItems(t.Context(), time.Now(), []service.ItemChange{{Kind: item.Kind, New: &item}}); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	keys, err := service.New(store, service.Config{Now: func() time.Time { return now }}).PublicKeys(t.Context())
	if err != nil || len(keys) != 1 || keys[0].ID != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" ||
		base64.RawURLEncoding.EncodeToString(keys[0].Key) != "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" {
		t.Errorf("%+v %v", keys, err)
	}
}

// Copies of the service have one key, whichever makes it, and each takes what the
// others have signed at once.
func TestCopiesShareTheirKeys(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	config := service.Config{Argon2: cheap, Now: func() time.Time { return w.now }}
	copies := make([]*service.Service, 8)
	for i := range copies {
		copies[i] = service.New(w.store, config)
	}
	everywhere := func(token string) {
		t.Helper()
		for _, c := range copies {
			if _, err := c.Authenticate(t.Context(), "Bearer "+token); err != nil {
				t.Error(err)
			}
		}
	}
	ids := make([]string, len(copies))
	var all sync.WaitGroup
	for i, c := range copies {
		all.Go(func() {
			keys, err := c.PublicKeys(t.Context())
			if err != nil || len(keys) != 1 {
				t.Errorf("%v %v", keys, err)
				return
			}
			ids[i] = keys[0].ID
		})
	}
	all.Wait()
	if slices.Sort(ids); len(slices.Compact(slices.Clone(ids))) != 1 {
		t.Errorf("the keys are %v", ids)
	}
	everywhere(w.signIn(t, u.Email).AccessToken)
	if _, err := copies[0].RotateSigningKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	g, err := copies[0].SignIn(t.Context(), signInOf(u.Email))
	if err != nil {
		t.Fatal(err)
	}
	everywhere(g.AccessToken)
}

// Of copies that all find that it is time for another key one makes it.
func TestOneCopyMakesTheNextKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		defer store.Close()
		ids := map[string]bool{}
		now := time.Now()
		var copies []*service.Service
		for range 3 {
			copies = append(copies, service.New(store, service.Config{Now: func() time.Time { return now }}))
		}
		for range 2 { // first all have read the first one
			for _, c := range copies {
				keys, err := c.PublicKeys(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				ids[keys[len(keys)-1].ID] = true
			}
			now = now.Add(90 * day)
		}
		if len(ids) != 2 {
			t.Errorf("the newest keys are %v", ids)
		}
	})
}

// While the store takes no changes, the keys that there are go on.
func TestKeysThatCannotBeReplaced(t *testing.T) {
	w := newWorld(t)
	before := w.published(t)
	s := service.New(&storeThatFails{Store: w.store, change: true}, service.Config{Now: func() time.Time { return w.now }})
	w.now = w.now.Add(100 * day)
	keys, err := s.PublicKeys(t.Context())
	if err != nil || len(keys) != 1 || keys[0].ID != before[0] {
		t.Errorf("%v %v", keys, err)
	}
	empty := newWorld(t)
	s = service.New(&storeThatFails{Store: empty.store, change: true}, service.Config{})
	if _, err := s.PublicKeys(t.Context()); service.CodeOf(err) != service.CodeUnavailable {
		t.Error(err)
	}
}

// readOnce is a store whose items can be read once.
type readOnce struct {
	service.Store
	reads int
}

func (s *readOnce) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	if s.reads++; s.reads > 1 {
		return service.Item{}, errAway
	}
	return s.Store.Item(ctx, kind, key, at)
}

func TestKeysThatCannotBeReadAnew(t *testing.T) {
	w := newWorld(t)
	s := service.New(&readOnce{Store: w.store}, service.Config{})
	if _, err := s.PublicKeys(t.Context()); service.CodeOf(err) != service.CodeUnavailable {
		t.Error(err)
	}
}

func TestDamagedKeys(t *testing.T) {
	for value, want := range map[string]string{
		`secret`:                 "the signing keys that are kept cannot be read",
		`[{"seed": "c2VjcmV0"}]`: "a signing key that is kept is none",
	} {
		w := newWorld(t)
		item := service.Item{Kind: "signing-keys", Value: []byte(value)}
		if err := w.store.ChangeItems(t.Context(), w.now, []service.ItemChange{{Kind: item.Kind, New: &item}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.PublicKeys(t.Context()); err == nil || service.CodeOf(err) != service.CodeInternal || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// Sessions alone do not close a service: nobody is kept out of it by the first
// who signs in.
func TestSessionsDoNotCloseTheService(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.signIn(t, u.Email)
	if open, err := w.IsOpen(t.Context()); !open || err != nil {
		t.Errorf("%v %v", open, err)
	}
	if _, err := w.User(t.Context(), u.ID); err != nil {
		t.Error(err)
	}
}
