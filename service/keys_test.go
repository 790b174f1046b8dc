package service_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// makeKey makes a key and returns its text.
func (w *world) makeKey(t *testing.T, name string, scopes ...string) string {
	t.Helper()
	_, text, err := w.CreateKey(root(t), service.KeyInput{Name: name, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestKeyTexts(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		text := service.NewKeyText()
		if !regexp.MustCompile(`^userd_[0-9a-zA-Z]{49}$`).MatchString(text) || seen[text] {
			t.Fatalf("%q", text)
		}
		seen[text] = true
		var sum uint64
		for _, digit := range text[49:] {
			sum = sum*62 + uint64(strings.IndexRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", digit))
		}
		if sum != uint64(crc32.ChecksumIEEE([]byte(text[:49]))) {
			t.Errorf("%s has another checksum", text)
		}
	}
}

func TestCreateKey(t *testing.T) {
	w := newWorld(t)
	k, text, err := w.CreateKey(t.Context(), service.KeyInput{Name: "app", Scopes: []string{"changes:read", "users:read", "users:read"}})
	want := service.Key{Name: "app", Scopes: []service.Scope{service.ScopeUsersRead, service.ScopeChangesRead}, Hash: service.HashKey(text), CreatedAt: w.now}
	if diff := cmp.Diff(want, k); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	keys, err := w.Keys(root(t))
	if diff := cmp.Diff([]service.Key{want}, keys); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if strings.Contains(fmt.Sprint(keys), text) {
		t.Error("the key itself is kept")
	}
}

func TestWrongKeys(t *testing.T) {
	w := newWorld(t)
	w.makeKey(t, "taken", "admin")
	for _, tt := range []struct {
		name, key string
		scopes    []string
		want      mistakes
	}{
		{"nothing", "", nil, mistakes{service.FieldName: service.FieldRequired, service.FieldScopes: service.FieldRequired}},
		{"too long", strings.Repeat("x", 65), []string{"admin"}, mistakes{service.FieldName: service.FieldTooLong}},
		{"upper case", "App", []string{"admin"}, mistakes{service.FieldName: service.FieldInvalid}},
		{"space", "my app", []string{"admin"}, mistakes{service.FieldName: service.FieldInvalid}},
		{"unknown scope", "app", []string{"admin", "users"}, mistakes{service.FieldScopes: service.FieldInvalid}},
		{"empty scope", "app", []string{""}, mistakes{service.FieldScopes: service.FieldInvalid}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, text, err := w.CreateKey(root(t), service.KeyInput{Name: tt.key, Scopes: tt.scopes})
			wantMistakes(t, err, tt.want)
			if text != "" {
				t.Error("there is a key all the same")
			}
		})
	}
	_, _, err := w.CreateKey(root(t), service.KeyInput{Name: "taken", Scopes: []string{"admin"}})
	e := wantError[*service.KeyTakenError](t, err, service.CodeKeyTaken)
	if keys, _ := w.Keys(root(t)); len(keys) != 1 || e.Error() == "" {
		t.Errorf("%d keys", len(keys))
	}
}

func TestKeysAreBounded(t *testing.T) {
	w := newWorld(t)
	for i := range service.MaxKeys {
		if err := w.store.CreateKey(t.Context(), service.Key{Name: fmt.Sprint(i), CreatedAt: w.now}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.CreateKey(root(t), service.KeyInput{Name: "app", Scopes: []string{"admin"}})
	wantMistakes(t, err, mistakes{service.FieldName: service.FieldOutOfRange})
	if err := w.RevokeKey(root(t), "7"); err != nil {
		t.Fatal(err)
	}
	w.makeKey(t, "7", "admin")
}

// The first key closes the service, and revoking the last one does not open it.
func TestKeysCloseTheService(t *testing.T) {
	w := newWorld(t)
	if open, err := w.IsOpen(t.Context()); !open || err != nil {
		t.Errorf("open: %v %v", open, err)
	}
	w.create(t, "ada@example.com")
	text := w.makeKey(t, "app", "users:read")
	for range 2 {
		_, err := w.ListUsers(t.Context(), service.ListInput{})
		wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated)
		if open, err := w.IsOpen(t.Context()); open || err != nil {
			t.Errorf("open: %v %v", open, err)
		}
		_ = w.RevokeKey(root(t), "app")
	}
	if _, err := w.Authenticate(t.Context(), "Bearer "+text); service.CodeOf(err) != service.CodeUnauthenticated {
		t.Error(err)
	}
	if err := w.RevokeKey(root(t), "app"); service.CodeOf(err) != service.CodeKeyNotFound || err.Error() == "" {
		t.Error(err)
	}
}

// textStore fails for texts that not all engines take, as PostgreSQL does.
type textStore struct{ *memory.Store }

func (s textStore) RevokeKey(ctx context.Context, name string, at time.Time) error {
	if !utf8.ValidString(name) || strings.Contains(name, "\x00") {
		return errNothing
	}
	return s.Store.RevokeKey(ctx, name, at)
}

// A name that no key can have is one of no key, and no store need look for it.
func TestNamesThatNoKeyCanHave(t *testing.T) {
	store := textStore{memory.New()}
	defer store.Close()
	s := service.New(store, service.Config{})
	for _, name := range []string{"", "\xff", "\x00", "app\x00", "App", "ä", "a b", strings.Repeat("x", 65)} {
		wantError[*service.KeyNotFoundError](t, s.RevokeKey(root(t), name), service.CodeKeyNotFound)
	}
}

func TestAKeyIsRecognised(t *testing.T) {
	w := newWorld(t)
	text := w.makeKey(t, "app", "users:read")
	w.makeKey(t, "other", "admin")
	a, err := w.Authenticate(t.Context(), "Bearer "+text)
	if err != nil || a.String() != "key:app" {
		t.Fatalf("%s %v", a, err)
	}
	if _, err := w.ListUsers(as(t, a), service.ListInput{}); err != nil {
		t.Error(err)
	}
	if err := w.RevokeKey(as(t, a), "other"); service.CodeOf(err) != service.CodeForbidden {
		t.Error(err)
	}
	if err := w.RevokeKey(root(t), "app"); err != nil {
		t.Fatal(err)
	}
	_, err = w.ListUsers(as(t, a), service.ListInput{})
	wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated)
}

func TestUsesOfKeysAreNotedOncePerMinute(t *testing.T) {
	synctest.Test(t, usesOfKeysAreNotedOncePerMinute)
}

func usesOfKeysAreNotedOncePerMinute(t *testing.T) {
	w := newWorld(t)
	text := w.makeKey(t, "app", "users:read")
	used := func(want time.Time) {
		t.Helper()
		if _, err := w.Authenticate(t.Context(), "Bearer "+text); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if keys, err := w.Keys(root(t)); err != nil || !keys[0].LastUsedAt.Equal(want) {
			t.Errorf("%v, want %v, %v", keys, want, err)
		}
	}
	first := w.now
	used(first)
	w.now = first.Add(59 * time.Second)
	used(first)
	w.now = first.Add(time.Minute)
	used(w.now)
}

// keyStore counts how often the keys are read, and fails where it is told to.
type keyStore struct {
	*memory.Store
	reads   atomic.Int64
	touches atomic.Int64
	err     error
	touched error
}

func (s *keyStore) Keys(ctx context.Context) ([]service.Key, error) {
	s.reads.Add(1)
	if s.err != nil {
		return nil, s.err
	}
	return s.Store.Keys(ctx)
}

func (s *keyStore) TouchKey(ctx context.Context, hash service.KeyHash, at time.Time) error {
	s.touches.Add(1)
	if s.touched != nil {
		return s.touched
	}
	return s.Store.TouchKey(ctx, hash, at)
}

// Two copies of the service on one store: what one does the other knows within
// a second, and the keys are read no more often.
func TestKeysAreReadOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &keyStore{Store: memory.New()}
		defer store.Close()
		here, there := service.New(store, service.Config{}), service.New(store, service.Config{})
		_, text, err := there.CreateKey(root(t), service.KeyInput{Name: "app", Scopes: []string{"users:read"}})
		if err != nil {
			t.Fatal(err)
		}
		actor, err := here.Authenticate(t.Context(), "Bearer "+text)
		if err != nil {
			t.Fatal(err)
		}
		read := store.reads.Load()
		for range 1000 {
			if _, err := here.ListUsers(as(t, actor), service.ListInput{}); err != nil {
				t.Fatal(err)
			}
		}
		if more := store.reads.Load() - read; more > 5 { // the clock may move on while a use is noted
			t.Errorf("the keys were read %d times", more)
		}
		if err := there.RevokeKey(root(t), "app"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // which passes at once here
		_, err = here.ListUsers(as(t, actor), service.ListInput{})
		wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated)
	})
}

func TestKeysThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &keyStore{Store: memory.New()}
		defer store.Close()
		s := service.New(store, service.Config{Authenticators: []service.Authenticator{nobody}})
		_, text, err := s.CreateKey(root(t), service.KeyInput{Name: "app", Scopes: []string{"users:read"}})
		if err != nil {
			t.Fatal(err)
		}
		store.touched = &service.UnavailableError{}
		for tries := range int64(2) {
			for range 3 {
				if _, err := s.Authenticate(t.Context(), "Bearer "+text); err != nil {
					t.Errorf("a use that cannot be noted: %v", err)
				}
				synctest.Wait()
			}
			if n := store.touches.Load(); n != tries+1 {
				t.Errorf("it was tried %d times", n)
			}
			time.Sleep(10 * time.Second)
		}
		store.err = &service.UnavailableError{}
		if _, err := s.Authenticate(t.Context(), "Bearer "+text); service.CodeOf(err) != service.CodeUnavailable {
			t.Error(err)
		}
		if _, _, err := s.CreateKey(root(t), service.KeyInput{Name: "new", Scopes: []string{"admin"}}); service.CodeOf(err) != service.CodeUnavailable {
			t.Error(err)
		}
		for name, err := range map[string]error{
			"open":   first(service.New(store, service.Config{}).IsOpen(t.Context())),
			"lists":  first(service.New(store, service.Config{}).ListUsers(t.Context(), service.ListInput{})),
			"asking": first(service.New(store, service.Config{}).Authenticate(t.Context(), "")),
		} {
			if service.CodeOf(err) != service.CodeUnavailable {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// slowKeys waits with its answer, or until its caller has enough.
type slowKeys struct {
	*memory.Store
}

func (s slowKeys) Keys(ctx context.Context) ([]service.Key, error) {
	select {
	case <-time.After(time.Minute):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return s.Store.Keys(ctx)
}

// Many who call at once share one reading; who gives up does not wait for it.
func TestKeysAreReadOnceForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := slowKeys{memory.New()}
		defer store.Close()
		s := service.New(store, service.Config{})
		started := time.Now()
		for range 3 {
			go func() {
				if open, err := s.IsOpen(t.Context()); !open || err != nil {
					t.Errorf("%v %v", open, err)
				}
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.IsOpen(ctx); err != context.DeadlineExceeded || time.Since(started) != time.Second {
			t.Errorf("%v after %v", err, time.Since(started))
		}
		time.Sleep(time.Hour)
	})
}

func TestListsEndWithTheirContext(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com") // the keys have been read
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.ListUsers(ctx, service.ListInput{}); err != context.Canceled {
		t.Error(err)
	}
}
