package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/userd/userd/service"
)

func TestWhatEndsSessions(t *testing.T) {
	importing := func(change func(*service.ImportInput)) func(*testing.T, *world, service.Grant) error {
		return func(t *testing.T, w *world, g service.Grant) error {
			in := service.ImportInput{UserInput: newUser(g.User.Email)}
			in.Password = service.Optional[string]{}
			in.LastName = service.Some("King")
			change(&in)
			results, err := w.Import(t.Context(), []service.ImportInput{in}, service.ImportOptions{OnConflict: service.ConflictUpdate})
			if err == nil && results[0].Outcome != service.ImportUpdated {
				t.Errorf("%+v", results)
			}
			return err
		}
	}
	updating := func(in service.UserInput) func(*testing.T, *world, service.Grant) error {
		return func(t *testing.T, w *world, g service.Grant) error {
			return first(w.UpdateUser(t.Context(), g.User.ID, in, nil))
		}
	}
	type ways map[string]func(*testing.T, *world, service.Grant) error
	one := ways{
		"sign out by the refresh token": func(t *testing.T, w *world, g service.Grant) error {
			return first(w.SignOut(t.Context(), g.RefreshToken))
		},
		"sign out by an older one": func(t *testing.T, w *world, g service.Grant) error {
			w.refresh(t, g.RefreshToken)
			w.now = w.now.Add(time.Minute)
			return first(w.SignOut(t.Context(), g.RefreshToken))
		},
		"sign out in the session": func(t *testing.T, w *world, g service.Grant) error {
			return w.as(t, g.AccessToken, func(ctx context.Context) error { return first(w.SignOut(ctx, "")) })
		},
		"sign out with the refresh token": func(t *testing.T, w *world, g service.Grant) error {
			return w.as(t, g.RefreshToken, func(ctx context.Context) error { return first(w.SignOut(ctx, "")) })
		},
		"end one": func(t *testing.T, w *world, g service.Grant) error {
			return w.as(t, g.AccessToken, func(ctx context.Context) error { return w.EndSession(ctx, g.User.ID, g.Session.ID) })
		},
	}
	all := ways{
		"end all": func(t *testing.T, w *world, g service.Grant) error {
			return w.as(t, g.AccessToken, func(ctx context.Context) error { return first(w.EndSessions(ctx, g.User.ID)) })
		},
		"new password": func(t *testing.T, w *world, g service.Grant) error {
			return first(w.SetUserPassword(t.Context(), g.User.ID, service.Some("another good password"), nil))
		},
		"inactive": updating(service.UserInput{IsActive: service.Some(false)}),
		"deleted": func(t *testing.T, w *world, g service.Grant) error {
			return w.DeleteUser(t.Context(), g.User.ID, nil)
		},
		"imported inactive":        importing(func(in *service.ImportInput) { in.IsActive = service.Some(false) }),
		"imported with a password": importing(func(in *service.ImportInput) { in.Password = service.Some("another good password") }),
		"imported with a hash": importing(func(in *service.ImportInput) {
			in.PasswordHash = service.Some("$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG")
		}),
	}
	nothing := ways{
		"another name":                  updating(service.UserInput{FirstName: service.Some("Augusta")}),
		"still active":                  updating(service.UserInput{IsActive: service.Some(true)}),
		"imported with another name":    importing(func(*service.ImportInput) {}),
		"imported with the hash it has": nil,
		"a better hash":                 nil,
	}
	nothing["imported with the hash it has"] = func(t *testing.T, w *world, g service.Grant) error {
		hash := w.passwordHash(t, g.User.ID)
		return importing(func(in *service.ImportInput) { in.PasswordHash = service.Some(hash) })(t, w, g)
	}
	nothing["a better hash"] = func(t *testing.T, w *world, g service.Grant) error {
		strong := service.New(w.store, service.Config{Argon2: service.Argon2Params{Memory: 128, Passes: 2, Lanes: 1}})
		u, err := strong.VerifyPassword(t.Context(), login(g.User.Email, goodPassword))
		if err == nil && u.Version == g.User.Version {
			t.Error("the hash has not been replaced")
		}
		return err
	}
	for kind, ways := range map[string]ways{"one": one, "all": all, "nothing": nothing} {
		for name, end := range ways {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				bob := w.signIn(t, w.create(t, "bob@example.com").Email)
				u := w.create(t, "ada@example.com")
				other := w.signIn(t, u.Email)
				w.now = w.now.Add(time.Second)
				g := w.signIn(t, u.Email)
				if err := end(t, w, g); err != nil {
					t.Fatal(err)
				}
				switch kind {
				case "one":
					w.wantEnded(t, g)
					w.wantSessions(t, u.ID, other.Session.ID)
				case "all":
					w.wantEnded(t, g)
					w.wantEnded(t, other)
				case "nothing":
					w.wantSessions(t, u.ID, other.Session.ID, g.Session.ID)
					w.refresh(t, g.RefreshToken)
				}
				w.refresh(t, bob.RefreshToken)
			})
		}
	}
}

// A reset ends all that could let somebody in whom it is to keep out, and the
// waits for the former password.
func TestAResetEndsAllElse(t *testing.T) {
	w := newWorld(t)
	bob := w.create(t, "bob@example.com")
	bobs, bobsToken := w.signIn(t, bob.Email), w.token(t, resets, bob)
	u := w.create(t, "ada@example.com")
	g, other := w.signIn(t, u.Email), w.token(t, resets, u)
	confirmation, token := w.token(t, confirmations, u), w.token(t, resets, u)
	w.guess(t, "bot", u.Email, 8)
	if wait, _ := w.try(t, t.Context(), "home", u.Email, goodPassword); wait == 0 {
		t.Fatal("there is no wait")
	}
	w.wantRedeemed(t, resets, token)
	w.wantEnded(t, g)
	w.wantSessions(t, u.ID)
	w.wantInvalid(t, resets, other)
	if wait, ok := w.try(t, t.Context(), "home", u.Email, anotherPassword); wait != 0 || !ok {
		t.Errorf("the new password waits %v and is right: %v", wait, ok)
	}
	w.wantRedeemed(t, confirmations, confirmation) // which lets nobody in
	w.refresh(t, bobs.RefreshToken)
	w.wantRedeemed(t, resets, bobsToken)
}

// as calls do as whoever shows the token.
func (w *world) as(t *testing.T, token string, do func(context.Context) error) error {
	t.Helper()
	a, err := w.Authenticate(t.Context(), "Bearer "+token)
	if err != nil {
		t.Fatal(err)
	}
	return do(as(t, a))
}
