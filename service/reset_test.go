package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// reset puts w back to p.
func (w *world) reset(t *testing.T, p *memory.Snapshot) {
	t.Helper()
	if err := w.Reset(t.Context(), func() error { return w.store.Restore(p) }); err != nil {
		t.Fatal(err)
	}
}

func TestResetGoesBackToASnapshot(t *testing.T) {
	w := newWorld(t)
	ada := w.create(t, "ada@example.com")
	snapshot, before := w.store.Snapshot(), logOf(t, w.Service, service.ChangesInput{})
	eve := w.create(t, "eve@example.com")
	if _, _, err := w.CreateKey(t.Context(), service.KeyInput{Name: "app", Scopes: []string{"admin"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Reset(t.Context(), nil); service.CodeOf(err) != service.CodeUnauthenticated {
		t.Errorf("closed: %v", err)
	}
	if err := w.Reset(root(t), func() error { return w.store.Restore(snapshot) }); err != nil {
		t.Fatal(err)
	}
	w.wantStored(t, ada) // without a key: there is none any more
	if _, err := w.User(t.Context(), eve.ID); service.CodeOf(err) != service.CodeUserNotFound {
		t.Errorf("eve: %v", err)
	}
	if diff := cmp.Diff(before, logOf(t, w.Service, service.ChangesInput{})); diff != "" {
		t.Errorf("the log (-before +after):\n%s", diff)
	}
}

// A feed that was open must not go on in the new log, whether it waits or has
// something to read, nor one that began to be opened in the old one.
func TestResetEndsFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, _ := eventful(t)
		empty := memory.New()
		defer empty.Close()
		nothing := empty.Snapshot()
		feed, err := w.FollowChanges(t.Context(), service.ChangesInput{})
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		go func() { _, err := feed.Next(t.Context()); waited <- err }()
		synctest.Wait()
		w.reset(t, nothing)
		wantError[*service.CursorExpiredError](t, <-waited, service.CodeCursorExpired)
		for range 6 {
			w.create(t, uuid.NewString()+"@example.com") // so that the old cursor would fit
		}
		_, err = feed.Next(t.Context())
		wantError[*service.CursorExpiredError](t, err, service.CodeCursorExpired)
	})
}

// resetWhileOpened is a store that goes back to a snapshot once its log was asked for.
type resetWhileOpened struct {
	service.Store
	reset func()
}

func (s *resetWhileOpened) ChangeLog(ctx context.Context) (service.ChangeLogState, error) {
	state, err := s.Store.ChangeLog(ctx)
	s.reset()
	return state, err
}

func (s *resetWhileOpened) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	s.reset()
	return s.Store.Changes(ctx, q)
}

func TestResetWhileAFeedReads(t *testing.T) {
	store := memory.New()
	defer store.Close()
	var s *service.Service
	var resets atomic.Bool // who reads for all feeds reads as well
	s = service.New(&resetWhileOpened{store, func() {
		if !resets.Load() {
			return
		}
		if err := s.Reset(t.Context(), func() error { return nil }); err != nil {
			t.Error(err)
		}
	}}, service.Config{Argon2: cheap})
	resets.Store(true)
	_, err := s.FollowChanges(t.Context(), service.ChangesInput{})
	wantError[*service.CursorExpiredError](t, err, service.CodeCursorExpired)
	resets.Store(false)
	feed, err := s.FollowChanges(t.Context(), service.ChangesInput{})
	if _, created := s.CreateUser(t.Context(), newUser("ada@example.com")); err != nil || created != nil {
		t.Fatal(err, created)
	}
	resets.Store(true)
	_, err = feed.Next(t.Context())
	wantError[*service.CursorExpiredError](t, err, service.CodeCursorExpired)
}

func TestResetThatFails(t *testing.T) {
	failure := errors.New("no")
	if err := newWorld(t).Reset(t.Context(), func() error { return failure }); !errors.Is(err, failure) {
		t.Error(err)
	}
}

func TestIDsAndKeysCanBeOfOnesOwn(t *testing.T) {
	id, keyText := uuid.UUID{15: 7}, service.KeyText([32]byte{31: 7})
	w := newWorldWith(t, service.Config{Argon2: cheap,
		NewID: func() (uuid.UUID, error) { return id, nil }, NewKey: func() string { return keyText }})
	if u := w.create(t, "ada@example.com"); u.ID != id {
		t.Error(u.ID)
	}
	if _, text, err := w.CreateKey(t.Context(), service.KeyInput{Name: "app", Scopes: []string{"admin"}}); err != nil || text != keyText {
		t.Error(text, err)
	}
}
