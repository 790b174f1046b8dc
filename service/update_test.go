package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

func TestUpdateUser(t *testing.T) {
	text := service.Some[string]
	for name, c := range map[string]struct {
		in     service.UserInput
		change func(*service.User)
	}{
		"email":      {service.UserInput{Email: text(" New@example.com")}, func(u *service.User) { u.Email = "New@example.com" }},
		"first name": {service.UserInput{FirstName: text("Augusta ")}, func(u *service.User) { u.FirstName = "Augusta" }},
		"last name":  {service.UserInput{LastName: text("King")}, func(u *service.User) { u.LastName = "King" }},
		"active":     {service.UserInput{IsActive: service.Some(false)}, func(u *service.User) { u.IsActive = false }},
		"password":   {service.UserInput{Password: text("another good one")}, func(u *service.User) {}},
		"spelling of the same address": {service.UserInput{Email: text("ADA@example.com")}, func(u *service.User) {
			u.Email = "ADA@example.com"
		}},
		"all together": {
			service.UserInput{Email: text("n@example.com"), FirstName: text("N"), LastName: text("M"), IsActive: service.Some(false), Password: text("another good one")},
			func(u *service.User) { u.Email, u.FirstName, u.LastName, u.IsActive = "n@example.com", "N", "M", false },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			want := w.create(t, "ada@example.com")
			w.now = w.now.Add(time.Hour)
			c.change(&want)
			want.Version, want.UpdatedAt = 2, w.now

			got, err := w.UpdateUser(t.Context(), want.ID, c.in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the changed user (-want +got):\n%s", diff)
			}
			w.wantStored(t, want)
		})
	}
}

func TestUpdateUserThatChangesNothing(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.now = w.now.Add(time.Hour)
	for name, in := range map[string]service.UserInput{
		"nothing given": {},
		"the same":      {Email: service.Some(" ada@example.com"), FirstName: service.Some("Ada"), LastName: service.Some("Lovelace"), IsActive: service.Some(true)},
	} {
		got, err := w.UpdateUser(t.Context(), u.ID, in, nil)
		if diff := cmp.Diff(u, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestUpdatedAtNeverGoesBack(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.now = w.now.Add(-time.Hour) // somebody set the clock
	got, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{FirstName: service.Some("Augusta")}, nil)
	if err != nil || got.Version != 2 || !got.UpdatedAt.Equal(u.UpdatedAt) {
		t.Errorf("updated to version %d at %v, %v, want version 2 at %v", got.Version, got.UpdatedAt, err, u.UpdatedAt)
	}
}

func TestUpdatedNameIsFound(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{LastName: service.Some("KING")}, nil); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{"king": 1, "Love": 0} {
		n, err := w.CountUsers(t.Context(), service.Some(service.FilterInput{Query: service.Some(query)}))
		if err != nil || n != want {
			t.Errorf("%q finds %d users, %v, want %d", query, n, err, want)
		}
	}
}

// Every way to give a user another address takes back that it is verified, and
// nothing else does.
func TestAnotherAddressIsNotVerified(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, u service.User) (service.User, error)
		kept   bool
	}{
		"the address": {func(w *world, u service.User) (service.User, error) {
			return w.UpdateUserEmail(t.Context(), u.ID, service.Some("new@example.com"), nil)
		}, false},
		"the address among others": {func(w *world, u service.User) (service.User, error) {
			return w.UpdateUser(t.Context(), u.ID, service.UserInput{Email: service.Some("new@example.com"), FirstName: service.Some("Augusta")}, nil)
		}, false},
		"everything": {func(w *world, u service.User) (service.User, error) {
			in := newUser("new@example.com")
			in.IsActive = service.Some(true)
			return w.ReplaceUser(t.Context(), u.ID, in, nil)
		}, false},
		"its spelling": {func(w *world, u service.User) (service.User, error) {
			return w.UpdateUserEmail(t.Context(), u.ID, service.Some("ADA@Example.com"), nil)
		}, true},
		"the name": {func(w *world, u service.User) (service.User, error) {
			return w.UpdateUser(t.Context(), u.ID, service.UserInput{FirstName: service.Some("Augusta")}, nil)
		}, true},
		"the password": {func(w *world, u service.User) (service.User, error) {
			return w.SetUserPassword(t.Context(), u.ID, service.Some("another good one"), nil)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			if u.VerifiedAt() != nil {
				t.Errorf("a new user is verified at %v", u.EmailVerifiedAt)
			}
			at := w.now
			if _, err := w.store.UpdateUser(t.Context(), u.ID, service.Update{At: at, EmailVerifiedAt: &at}); err != nil {
				t.Fatal(err)
			}
			got, err := c.change(w, u)
			if err != nil || (got.VerifiedAt() != nil) != c.kept || c.kept && !got.EmailVerifiedAt.Equal(at) {
				t.Errorf("the user is %+v, %v", got, err)
			}
			w.wantStored(t, got)
		})
	}
}

// changes are the ways to change a user, each in a form that succeeds.
var changes = map[string]func(ctx context.Context, w *world, u service.User, expect service.Versions) error{
	"UpdateUser": func(ctx context.Context, w *world, u service.User, expect service.Versions) error {
		_, err := w.UpdateUser(ctx, u.ID, service.UserInput{FirstName: service.Some("Augusta")}, expect)
		return err
	},
	"ReplaceUser": func(ctx context.Context, w *world, u service.User, expect service.Versions) error {
		in := newUser("new@example.com")
		in.IsActive = service.Some(true)
		_, err := w.ReplaceUser(ctx, u.ID, in, expect)
		return err
	},
	"UpdateUserEmail": func(ctx context.Context, w *world, u service.User, expect service.Versions) error {
		_, err := w.UpdateUserEmail(ctx, u.ID, service.Some("new@example.com"), expect)
		return err
	},
	"SetUserPassword": func(ctx context.Context, w *world, u service.User, expect service.Versions) error {
		_, err := w.SetUserPassword(ctx, u.ID, service.Some("another good one"), expect)
		return err
	},
	"DeleteUser": func(ctx context.Context, w *world, u service.User, expect service.Versions) error {
		return w.DeleteUser(ctx, u.ID, expect)
	},
}

func TestChangesOfAUserWhoIsNotThere(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, expect := range []service.Versions{nil, {1}} {
				err := change(t.Context(), w, service.User{ID: someID}, expect)
				if notFound := wantError[*service.UserNotFoundError](t, err, service.CodeUserNotFound); notFound != nil && notFound.ID != someID {
					t.Errorf("the error is about %s", notFound.ID)
				}
			}
		})
	}
}

func TestChangesExpectAVersion(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				expect service.Versions
				ok     bool
			}{
				{nil, true},
				{service.Versions{2}, true},
				{service.Versions{1, 2, 3}, true},
				{service.Versions{}, false},
				{service.Versions{1}, false},
				{service.Versions{1, 3}, false},
				{service.Versions{-1, 0}, false},
			} {
				w := newWorld(t)
				u := w.create(t, "ada@example.com")
				u, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{LastName: service.Some("King")}, nil)
				if err != nil || u.Version != 2 {
					t.Fatalf("version %d, %v", u.Version, err)
				}
				err = change(t.Context(), w, u, c.expect)
				if c.ok {
					if err != nil {
						t.Errorf("expecting %v of version 2: %v", c.expect, err)
					}
					continue
				}
				conflict := wantError[*service.VersionConflictError](t, err, service.CodeVersionConflict)
				if diff := cmp.Diff(&service.VersionConflictError{ID: u.ID, Current: 2}, conflict); diff != "" {
					t.Errorf("expecting %v (-want +got):\n%s", c.expect, diff)
				}
				w.wantStored(t, u)
			}
		})
	}
}

func TestChangesForACallerWhoIsGone(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			if err := change(cancelled(t), w, u, nil); !errors.Is(err, errHungUp) {
				t.Errorf("the error is %v, want the context's cause", err)
			}
			w.wantStored(t, u)
		})
	}
}

func TestUpdateUserRefuses(t *testing.T) {
	text, null := service.Some[string], service.Null[string]()
	for name, c := range map[string]struct {
		in   service.UserInput
		want mistakes
	}{
		"nulls": {
			service.UserInput{Email: null, FirstName: null, LastName: null, Password: null, IsActive: service.Null[bool]()},
			mistakes{
				service.FieldEmail: service.FieldRequired, service.FieldFirstName: service.FieldRequired,
				service.FieldLastName: service.FieldRequired, service.FieldPassword: service.FieldRequired,
				service.FieldIsActive: service.FieldRequired,
			},
		},
		"several mistakes beside a good field": {
			service.UserInput{Email: text("@"), FirstName: text(""), LastName: text("King"), Password: text("password")},
			mistakes{
				service.FieldEmail: service.FieldInvalid, service.FieldFirstName: service.FieldRequired,
				service.FieldPassword: service.FieldPasswordTooCommon,
			},
		},
		"password is the stored name":        {service.UserInput{Password: text("ADA LOVELACE")}, mistakes{service.FieldPassword: service.FieldPasswordIsPersonal}},
		"password is the stored address":     {service.UserInput{Password: text("ada@example.com")}, mistakes{service.FieldPassword: service.FieldPasswordIsPersonal}},
		"password is the new last name":      {service.UserInput{LastName: text("King-Noel"), Password: text("king-noel")}, mistakes{service.FieldPassword: service.FieldPasswordIsPersonal}},
		"password is old and new name":       {service.UserInput{LastName: text("King-Noel"), Password: text("Ada King-Noel")}, mistakes{service.FieldPassword: service.FieldPasswordIsPersonal}},
		"password is the name that is going": {service.UserInput{LastName: text("King"), Password: text("Ada Lovelace")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			_, err := w.UpdateUser(t.Context(), u.ID, c.in, nil)
			wantMistakes(t, err, c.want)
			if c.want != nil {
				w.wantStored(t, u)
			}
		})
	}
}

func TestMistakesComeBeforeAbsence(t *testing.T) {
	_, err := newWorld(t).UpdateUser(t.Context(), someID, service.UserInput{Email: service.Some("ada")}, service.Versions{7})
	wantMistakes(t, err, mistakes{service.FieldEmail: service.FieldInvalid})
}

func TestReplaceUserNeedsAllButThePassword(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	_, err := w.ReplaceUser(t.Context(), u.ID, service.UserInput{}, nil)
	wantMistakes(t, err, mistakes{
		service.FieldEmail: service.FieldRequired, service.FieldFirstName: service.FieldRequired,
		service.FieldLastName: service.FieldRequired, service.FieldIsActive: service.FieldRequired,
	})
	w.wantStored(t, u)

	hash := w.passwordHash(t, u.ID)
	u.Email, u.FirstName, u.LastName, u.IsActive, u.Version = "b@example.com", "B", "C", false, 2
	got, err := w.ReplaceUser(t.Context(), u.ID, service.UserInput{
		Email: service.Some("b@example.com"), FirstName: service.Some("B"), LastName: service.Some("C"), IsActive: service.Some(false),
	}, service.Versions{1})
	if diff := cmp.Diff(u, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if w.passwordHash(t, u.ID) != hash {
		t.Error("the password is another one")
	}
}

func TestUpdateUserEmail(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.create(t, "bob@example.com")

	_, err := w.UpdateUserEmail(t.Context(), u.ID, service.Some("BOB@example.com"), nil)
	wantError[*service.EmailTakenError](t, err, service.CodeEmailTaken)
	_, err = w.UpdateUserEmail(t.Context(), u.ID, service.Optional[string]{}, nil)
	wantMistakes(t, err, mistakes{service.FieldEmail: service.FieldRequired})
	_, err = w.UpdateUserEmail(t.Context(), u.ID, service.Null[string](), nil)
	wantMistakes(t, err, mistakes{service.FieldEmail: service.FieldRequired})
	w.wantStored(t, u)

	if got, err := w.UpdateUserEmail(t.Context(), u.ID, service.Some("eve@example.com"), nil); err != nil || got.Email != "eve@example.com" {
		t.Errorf("the address is %q, %v", got.Email, err)
	}
	w.create(t, "ada@example.com") // the old address is free
}

func TestSetUserPassword(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	got, err := w.SetUserPassword(t.Context(), u.ID, service.Some("another good one"), nil)
	if err != nil || got.Version != 2 {
		t.Errorf("version %d, %v, want 2", got.Version, err)
	}
	if !verify(t, w.passwordHash(t, u.ID), "another good one") {
		t.Error("the password is not the new one")
	}
	for name, password := range map[string]service.Optional[string]{"absent": {}, "null": service.Null[string](), "empty": service.Some("")} {
		t.Run(name, func(t *testing.T) {
			_, err := w.SetUserPassword(t.Context(), u.ID, password, nil)
			wantMistakes(t, err, mistakes{service.FieldPassword: service.FieldRequired})
		})
	}
	if !verify(t, w.passwordHash(t, u.ID), "another good one") {
		t.Error("a refused password took effect")
	}
}

// The same password again is a change: its hash has a new salt.
func TestSetUserPasswordAgain(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	got, err := w.SetUserPassword(t.Context(), u.ID, service.Some(goodPassword), nil)
	if err != nil || got.Version != 2 {
		t.Errorf("version %d, %v, want 2", got.Version, err)
	}
}

func TestSetUserPasswordWhileHashingIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 1, Queue: 1, Wait: time.Second}})
		u := w.create(t, "ada@example.com")
		defer w.OccupyHashing(t)()
		_, err := w.SetUserPassword(t.Context(), u.ID, service.Some("another good one"), nil)
		wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
		w.wantStored(t, u)
		if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{FirstName: service.Some("Augusta")}, nil); err != nil {
			t.Errorf("a change without a password has to wait: %v", err)
		}
	})
}

func TestDeleteUser(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	if err := w.DeleteUser(t.Context(), u.ID, nil); err != nil {
		t.Fatal(err)
	}
	_, err := w.User(t.Context(), u.ID)
	wantError[*service.UserNotFoundError](t, err, service.CodeUserNotFound)
	err = w.DeleteUser(t.Context(), u.ID, nil)
	wantError[*service.UserNotFoundError](t, err, service.CodeUserNotFound)
	if again := w.create(t, "ADA@example.com"); again.ID == u.ID {
		t.Error("a new user has the id of a deleted one")
	}
}
