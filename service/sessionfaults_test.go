package service_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// storeThatFails fails in one method, or in reading one kind of items.
type storeThatFails struct {
	service.Store
	item, items, change, user, schemes bool
	kind                               service.ItemKind
}

var errAway = &service.UnavailableError{Reason: "The store is away."}

func (s *storeThatFails) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	if s.item || s.kind == kind {
		return service.Item{}, errAway
	}
	return s.Store.Item(ctx, kind, key, at)
}

func (s *storeThatFails) Items(ctx context.Context, q service.ItemQuery) ([]service.Item, error) {
	if s.items {
		return nil, errAway
	}
	return s.Store.Items(ctx, q)
}

func (s *storeThatFails) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	if s.change {
		return errAway
	}
	return s.Store.ChangeItems(ctx, at, changes)
}

func (s *storeThatFails) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	if s.user {
		return service.User{}, errAway
	}
	return s.Store.User(ctx, id)
}

func (s *storeThatFails) HashSchemes(ctx context.Context) (map[string]int, error) {
	if s.schemes {
		return nil, errAway
	}
	return s.Store.HashSchemes(ctx)
}

// The store goes away after the first look at the session.
func TestSigningOutWhileTheStoreGoesAway(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	s := service.New(&readOnce{Store: w.store}, service.Config{Now: func() time.Time { return w.now }})
	if _, err := s.SignOut(t.Context(), g.RefreshToken); service.CodeOf(err) != service.CodeUnavailable {
		t.Error(err)
	}
	w.wantSessions(t, u.ID, g.Session.ID)
}

func TestSessionsWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	me := service.TokenActor(u.ID.String(), nil)
	for name, tt := range map[string]struct {
		store storeThatFails
		do    call
	}{
		"sign in, counts": {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error { return first(s.SignIn(ctx, signInOf(u.Email))) }},
		"sign in, keys": {storeThatFails{kind: "signing-keys"}, func(ctx context.Context, s *service.Service) error {
			return first(s.SignIn(ctx, signInOf(u.Email)))
		}},
		"sign in, sessions": {storeThatFails{items: true}, func(ctx context.Context, s *service.Service) error { return first(s.SignIn(ctx, signInOf(u.Email))) }},
		"refresh, keys": {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error {
			return first(s.RefreshSession(ctx, g.RefreshToken))
		}},
		"refresh, user": {storeThatFails{user: true}, func(ctx context.Context, s *service.Service) error {
			return first(s.RefreshSession(ctx, g.RefreshToken))
		}},
		"refresh, change": {storeThatFails{change: true}, func(ctx context.Context, s *service.Service) error {
			return first(s.RefreshSession(ctx, g.RefreshToken))
		}},
		"sign out":         {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error { return first(s.SignOut(ctx, g.RefreshToken)) }},
		"sign out, change": {storeThatFails{change: true}, func(ctx context.Context, s *service.Service) error { return first(s.SignOut(ctx, g.RefreshToken)) }},
		"end":              {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error { return s.EndSession(ctx, u.ID, g.Session.ID) }},
		"list":             {storeThatFails{items: true}, func(ctx context.Context, s *service.Service) error { return first(s.Sessions(ctx, u.ID)) }},
		"show": {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error {
			return first(s.Authenticate(ctx, "Bearer "+g.AccessToken))
		}},
		"show to refresh": {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error {
			return first(s.Authenticate(ctx, "Bearer "+g.RefreshToken))
		}},
		"rotate": {storeThatFails{change: true}, func(ctx context.Context, s *service.Service) error { return first(s.RotateSigningKey(ctx)) }},
		"me": {storeThatFails{user: true}, func(ctx context.Context, s *service.Service) error {
			return first(s.Me(service.WithActor(ctx, me)))
		}},
	} {
		tt.store.Store = w.store
		s := service.New(&tt.store, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
		if err := tt.do(t.Context(), s); service.CodeOf(err) != service.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.wantSessions(t, u.ID, g.Session.ID)
	w.refresh(t, g.RefreshToken)
}

func TestDamagedSessions(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "session", Limit: 1, At: w.now})
	if err != nil {
		t.Fatal(err)
	}
	damaged := items[0]
	damaged.Value = []byte("secret")
	if err := w.store.ChangeItems(t.Context(), w.now, []service.ItemChange{{Kind: "session", Key: damaged.Key, Was: items[0].Value, New: &damaged}}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"refresh": first(w.RefreshSession(t.Context(), g.RefreshToken)),
		"list":    first(w.Sessions(t.Context(), u.ID)),
		"sign in": first(w.SignIn(t.Context(), signInOf(u.Email))),
	} {
		if service.CodeOf(err) != service.CodeInternal || err == nil || !strings.Contains(err.Error(), "a session that is kept cannot be read") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
