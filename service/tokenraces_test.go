package service_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// atOnce calls do n times at the same time.
func atOnce(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

func TestOneOfManyRedeemsAToken(t *testing.T) {
	for name, k := range tokenKinds {
		t.Run(name, func(t *testing.T) {
			w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Queue: 100}})
			u := w.create(t, "ada@example.com")
			token := w.token(t, k, u)
			var won atomic.Int32
			atOnce(8, func(int) {
				_, err := k.redeem(w.Service, t.Context(), token)
				if err == nil {
					won.Add(1)
				} else {
					wantError[*service.TokenInvalidError](t, err, service.CodeTokenInvalid)
				}
			})
			if got, err := w.User(t.Context(), u.ID); won.Load() != 1 || got.Version != 2 || err != nil {
				t.Errorf("%d have won, and the user is %+v, %v", won.Load(), got, err)
			}
		})
	}
}

// However many make tokens at once, only a few are good.
func TestManyTokensAtOnce(t *testing.T) {
	for name, k := range tokenKinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			var tokens [20]string
			atOnce(len(tokens), func(i int) {
				token, err := k.create(w.Service, t.Context(), withID(u.ID))
				if err != nil {
					t.Error(err)
				}
				tokens[i] = token.Token
			})
			good := 0
			for _, kind := range []service.ItemKind{"password-reset", "email-confirmation"} {
				for _, token := range tokens {
					if _, err := w.store.Item(t.Context(), kind, service.ItemKey(service.HashKey(token)), w.now); err == nil {
						good++
					}
				}
			}
			if good != service.MaxTokens {
				t.Errorf("%d tokens are good", good)
			}
		})
	}
}

// disturbed is a store in which somebody is always quicker: do is called before
// each change, and returns what to answer instead of making it.
type disturbed struct {
	service.Store
	do func() error
}

func (s disturbed) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if err := s.do(); err != nil {
		return service.User{}, err
	}
	return s.Store.UpdateUser(ctx, id, u)
}

func (s disturbed) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	if err := s.do(); err != nil {
		return err
	}
	return s.Store.ChangeItems(ctx, at, changes)
}

// A token is redeemed as the user is when it happens, whatever was read before.
func TestRedeemingWhileOthersChangeTheUser(t *testing.T) {
	for name, k := range tokenKinds {
		for meanwhile, c := range map[string]struct {
			in   service.UserInput
			good bool
		}{
			"another name":     {service.UserInput{FirstName: service.Some("Augusta")}, true},
			"another address":  {service.UserInput{Email: service.Some("new@example.com")}, false},
			"another password": {service.UserInput{Password: service.Some("a third one, as good")}, k.change == service.ChangeEmailVerified},
		} {
			t.Run(name+", "+meanwhile, func(t *testing.T) {
				w := newWorld(t)
				u := w.create(t, "ada@example.com")
				token := w.token(t, k, u)
				var once sync.Once
				s := service.New(disturbed{w.store, func() (err error) {
					once.Do(func() { _, err = w.UpdateUser(t.Context(), u.ID, c.in, nil) })
					return err
				}}, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
				got, err := k.redeem(s, t.Context(), token)
				if c.good && (err != nil || got.Version != 3) {
					t.Errorf("%+v, %v", got, err)
				} else if !c.good {
					wantError[*service.TokenInvalidError](t, err, service.CodeTokenInvalid)
				}
			})
		}
	}
}

func TestTokensOfAUserWhoIsDeletedMeanwhile(t *testing.T) {
	for name, k := range tokenKinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			gone := func() error { return w.DeleteUser(t.Context(), u.ID, nil) }
			s := service.New(disturbed{w.store, gone}, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
			_, err := k.create(s, t.Context(), withID(u.ID))
			wantError[*service.RecipientNotFoundError](t, err, service.CodeUserNotFound)

			u = w.create(t, "ada@example.com")
			_, err = k.redeem(s, t.Context(), w.token(t, k, u))
			wantError[*service.TokenInvalidError](t, err, service.CodeTokenInvalid)
		})
	}
}

// Whoever is disturbed again and again is told to come back.
func TestTokensAreGivenUpInTime(t *testing.T) {
	for name, k := range tokenKinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			token := w.token(t, k, u)
			for _, conflict := range []error{&service.ItemConflictError{}, &service.VersionConflictError{}} {
				tries := 0
				s := service.New(disturbed{w.store, func() error { tries++; return conflict }}, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
				_, err := k.create(s, t.Context(), withID(u.ID))
				wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
				_, err = k.redeem(s, t.Context(), token)
				wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
				if tries != 64 {
					t.Errorf("it was tried %d times", tries)
				}
			}
			w.wantRedeemed(t, k, token)
		})
	}
}

// failing is a store one of whose methods fails: the n-th that is called.
type failing struct {
	service.Store
	left *int
	err  error
}

func (s failing) fail() error {
	if *s.left--; *s.left == 0 {
		return s.err
	}
	return nil
}

func (s failing) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	if err := s.fail(); err != nil {
		return service.User{}, err
	}
	return s.Store.User(ctx, id)
}

func (s failing) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	if err := s.fail(); err != nil {
		return nil, err
	}
	return s.Store.ListUsers(ctx, q)
}

func (s failing) Item(ctx context.Context, kind service.ItemKind, k service.ItemKey, at time.Time) (service.Item, error) {
	if err := s.fail(); err != nil {
		return service.Item{}, err
	}
	return s.Store.Item(ctx, kind, k, at)
}

func (s failing) Items(ctx context.Context, q service.ItemQuery) ([]service.Item, error) {
	if err := s.fail(); err != nil {
		return nil, err
	}
	return s.Store.Items(ctx, q)
}

func (s failing) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.ChangeItems(ctx, at, changes)
}

func (s failing) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if err := s.fail(); err != nil {
		return service.User{}, err
	}
	return s.Store.UpdateUser(ctx, id, u)
}

// Wherever the store fails, the failure is told, and the token stays good.
func TestTokensWhileTheStoreFails(t *testing.T) {
	away := errors.New("the disk is away")
	for name, k := range tokenKinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			token := w.token(t, k, u)
			for what, c := range map[string]struct {
				do    func(s *service.Service) error
				steps int
			}{
				"making by id":      {func(s *service.Service) error { return first(k.create(s, t.Context(), withID(u.ID))) }, 4},
				"making by address": {func(s *service.Service) error { return first(k.create(s, t.Context(), withEmail(u.Email))) }, 4},
				"redeeming":         {func(s *service.Service) error { return first(k.redeem(s, t.Context(), token)) }, 3},
			} {
				for n := range c.steps {
					left := n + 1
					s := service.New(failing{w.store, &left, away}, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
					if err := c.do(s); !errors.Is(err, away) {
						t.Errorf("%s, step %d: %v", what, n+1, err)
					}
				}
			}
			w.wantRedeemed(t, k, token)
		})
	}
}
