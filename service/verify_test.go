package service_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// give stores a hash for the user, as an import does.
func (w *world) give(t *testing.T, id uuid.UUID, hash string) {
	t.Helper()
	if _, err := w.store.UpdateUser(t.Context(), id, service.Update{At: w.now, PasswordHash: &hash}); err != nil {
		t.Fatal(err)
	}
}

// login are credentials of nobody in particular.
func login(email, password string) service.Credentials {
	return service.Credentials{Email: service.Some(email), Password: service.Some(password)}
}

func TestRightPassword(t *testing.T) {
	w := newWorld(t)
	in := newUser("Ada@example.com")
	in.Password = service.Some("Zo\u00eb of the composed")
	u, err := w.CreateUser(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ email, password string }{
		"as they were given":         {"Ada@example.com", "Zo\u00eb of the composed"},
		"address in another case":    {" ADA@EXAMPLE.com", "Zo\u00eb of the composed"},
		"password in another normal": {"ada@example.com", "Zoe\u0308 of the composed"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.VerifyPassword(t.Context(), login(c.email, c.password))
			if err != nil || got != u {
				t.Errorf("%+v, %v; want %+v", got, err, u)
			}
		})
	}
	w.wantStored(t, u) // a good hash stays
}

func TestCredentialsAreChecked(t *testing.T) {
	w := newWorld(t)
	good := login("ada@example.com", goodPassword)
	for name, c := range map[string]struct {
		edit func(in *service.Credentials)
		want mistakes
	}{
		"nothing": {func(in *service.Credentials) { *in = service.Credentials{} },
			mistakes{service.FieldEmail: service.FieldRequired, service.FieldPassword: service.FieldRequired}},
		"null": {func(in *service.Credentials) {
			in.Email, in.Password, in.Client = service.Null[string](), service.Null[string](), service.Null[string]()
		}, mistakes{service.FieldEmail: service.FieldRequired, service.FieldPassword: service.FieldRequired, service.FieldClient: service.FieldRequired}},
		"blank": {func(in *service.Credentials) {
			in.Email, in.Password, in.Client = service.Some(" "), service.Some(""), service.Some(" ")
		}, mistakes{service.FieldEmail: service.FieldRequired, service.FieldPassword: service.FieldRequired, service.FieldClient: service.FieldRequired}},
		"a long client": {func(in *service.Credentials) { in.Client = service.Some(strings.Repeat("é", service.MaxClient+1)) },
			mistakes{service.FieldClient: service.FieldTooLong}},
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			c.edit(&in)
			_, err := w.VerifyPassword(t.Context(), in)
			wantMistakes(t, err, c.want)
			wantMistakes(t, service.CheckCredentials(in), c.want)
		})
	}
	good.Client = service.Some(strings.Repeat("é", service.MaxClient))
	_, err := w.VerifyPassword(t.Context(), good)
	wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
	if err := service.CheckCredentials(good); err != nil {
		t.Error(err)
	}
	if got := w.Attempts(); got != (service.AttemptCounts{Invalid: 1}) {
		t.Errorf("%+v: what is wrong in itself is no attempt", got)
	}
}

// Each answer is the same, after as much work: the memory that argon2 takes is
// counted, of which there is nothing else as large.
func TestWrongCredentialsAreAllAnsweredAlike(t *testing.T) {
	const memory = 8 << 20
	w := newWorldWith(t, service.Config{Argon2: service.Argon2Params{Memory: memory >> 10, Passes: 1, Lanes: 1}})
	ada, gone, noHash, old := w.create(t, "ada@example.com"), w.create(t, "gone@example.com"), w.create(t, "new@example.com"), w.create(t, "old@example.com")
	for _, u := range []service.User{gone, old} {
		if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.give(t, old.ID, "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG")
	w.give(t, noHash.ID, "")
	for name, c := range map[string]struct{ email, password string }{
		"wrong password":               {ada.Email, goodPassword + "x"},
		"password in capitals":         {ada.Email, strings.ToUpper(goodPassword)},
		"no such user":                 {"eve@example.com", goodPassword},
		"no address":                   {"ada", goodPassword},
		"inactive user":                {gone.Email, goodPassword},
		"inactive user with a bcrypt":  {old.Email, goodPassword},
		"user without a hash":          {noHash.Email, goodPassword},
		"a password that is not UTF-8": {ada.Email, goodPassword + "\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			entered := w.Hashing().Entered
			runtime.ReadMemStats(&before)
			got, err := w.VerifyPassword(t.Context(), login(c.email, c.password))
			runtime.ReadMemStats(&after)
			if e := wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials); *e != (service.InvalidCredentialsError{}) || got != (service.User{}) {
				t.Errorf("%+v, and the user is %+v", e, got)
			}
			if hashes := (after.TotalAlloc - before.TotalAlloc) / memory; hashes != 1 || w.Hashing().Entered != entered+1 {
				t.Errorf("%d hashes, in %d slots", hashes, w.Hashing().Entered-entered)
			}
		})
	}
}

// Some systems hash the empty password for users who have none.
func TestAHashOfNoPasswordLetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.give(t, u.ID, "$pbkdf2-sha256$1000$dXNlcmQgdGVzdCBzYWx0IQ$VMvaHM8DBghxBT956Dvktn13zv.CRF8rUhesDt1jugI") // of ""
	_, err := w.VerifyPassword(t.Context(), login(u.Email, ""))
	wantMistakes(t, err, mistakes{service.FieldPassword: service.FieldRequired})
}

// What cannot be hashed now is no attempt.
func TestAnAttemptWithoutASlotDoesNotCount(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 1, Wait: time.Nanosecond}})
	leave := w.OccupyHashing(t)
	for range 100 {
		_, err := w.VerifyPassword(t.Context(), login("ada@example.com", "guess"))
		wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
	}
	leave()
	_, err := w.VerifyPassword(t.Context(), login("ada@example.com", "guess"))
	wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
}

func TestFailuresAreLoggedWithoutAddresses(t *testing.T) {
	var lines strings.Builder
	w := newWorldWith(t, service.Config{Argon2: cheap, Log: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))})
	u := w.create(t, "ada@example.com")
	for _, in := range []service.Credentials{login(u.Email, "guess"), login("my password", "guess"), login(u.Email, goodPassword)} {
		_, _ = w.VerifyPassword(t.Context(), in)
	}
	want := "level=INFO msg=\"password refused\" user_id=" + u.ID.String() + "\nlevel=INFO msg=\"password refused\"\n"
	if lines.String() != want {
		t.Errorf("%s, want %s", &lines, want)
	}
}

func TestImportedHashIsReplacedAtTheFirstRightPassword(t *testing.T) {
	for _, v := range cheapVectors() {
		t.Run(v.origin, func(t *testing.T) {
			w := newWorldWith(t, service.Config{Argon2: service.Argon2Params{Memory: 128, Passes: 4, Lanes: 1}})
			u := w.create(t, "ada@example.com")
			w.give(t, u.ID, v.hash)
			_, err := w.VerifyPassword(t.Context(), login(u.Email, "wrong"))
			wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
			if w.passwordHash(t, u.ID) != v.hash {
				t.Error("a wrong password has replaced the hash")
			}
			w.now = w.now.Add(time.Hour)
			ctx := service.WithOrigin(t.Context(), service.Origin{Actor: "somebody", RequestID: "r1"})
			got, err := w.VerifyPassword(ctx, login(u.Email, v.password))
			if err != nil || got.Version != 3 || !got.UpdatedAt.Equal(w.now) {
				t.Fatalf("%+v, %v", got, err)
			}
			w.wantStored(t, got)
			if hash := w.passwordHash(t, u.ID); !strings.HasPrefix(hash, "$argon2id$v=19$m=128,t=4,p=1$") {
				t.Errorf("the hash is %q", hash)
			}
			if again, err := w.VerifyPassword(ctx, login(u.Email, v.password)); err != nil || again != got {
				t.Errorf("the second time: %+v, %v", again, err)
			}
			page, err := w.Changes(t.Context(), service.ChangesInput{UserID: u.ID})
			if err != nil || len(page.Items) != 3 {
				t.Fatalf("%+v, %v", page, err)
			}
			c := page.Items[2].Change
			if c.Kind != service.ChangePassword || c.Origin != (service.Origin{Actor: "userd", RequestID: "r1"}) {
				t.Errorf("the change is %+v", c)
			}
		})
	}
}

func TestHashThatIsReplaced(t *testing.T) {
	stronger := service.Argon2Params{Memory: 256, Passes: 3, Lanes: 4}
	for name, c := range map[string]struct {
		made service.Argon2Params
		want bool
	}{
		"same cost":    {cheap, false},
		"more cost":    {stronger, false},
		"other lanes":  {service.Argon2Params{Memory: 64, Passes: 1, Lanes: 2}, false},
		"less memory":  {service.Argon2Params{Memory: 32, Passes: 9, Lanes: 1}, true},
		"fewer passes": {service.Argon2Params{Memory: 512, Passes: 1, Lanes: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			now := cheap
			if name == "fewer passes" {
				now.Passes = 2
			}
			w := newWorldWith(t, service.Config{Argon2: now})
			u := w.create(t, "ada@example.com")
			before := newWorldWith(t, service.Config{Argon2: c.made})
			hash := before.passwordHash(t, before.create(t, "ada@example.com").ID)
			w.give(t, u.ID, hash)
			if _, err := w.VerifyPassword(t.Context(), login(u.Email, goodPassword)); err != nil {
				t.Fatal(err)
			}
			if got := w.passwordHash(t, u.ID) != hash; got != c.want {
				t.Errorf("replaced: %v, want %v", got, c.want)
			}
		})
	}
}

// Other systems hash what was typed, in whatever form it came.
func TestImportedHashOfAPasswordThatIsNotComposed(t *testing.T) {
	// Made by Python's hashlib.pbkdf2_hmac of 'Zoe\u0308 of the raw bytes'.
	const hash = "$pbkdf2-sha256$1000$dXNlcmQgdGVzdCBzYWx0IQ$sN.uUU/7Md85vT/mvXfQxopj1Cy9eWI.9JWN4GweIjc"
	w := newWorld(t)
	u := w.create(t, "zoe@example.com")
	w.give(t, u.ID, hash)
	if _, err := w.VerifyPassword(t.Context(), login(u.Email, "Zo\u00eb of the raw bytes")); !errors.Is(err, &service.InvalidCredentialsError{}) {
		t.Errorf("composed, which it never was: %v", err)
	}
	if _, err := w.VerifyPassword(t.Context(), login(u.Email, "Zoe\u0308 of the raw bytes")); err != nil {
		t.Errorf("as it was: %v", err)
	}
	if _, err := w.VerifyPassword(t.Context(), login(u.Email, "Zo\u00eb of the raw bytes")); err != nil {
		t.Errorf("composed, after it was hashed anew: %v", err)
	}
}

// meanwhile does something to the store right before a method of it.
type meanwhile struct {
	service.Store
	beforeHash, beforeUpdate func()
}

func (s meanwhile) PasswordHash(ctx context.Context, id uuid.UUID) (string, error) {
	if s.beforeHash != nil {
		s.beforeHash()
	}
	return s.Store.PasswordHash(ctx, id)
}

func (s meanwhile) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if s.beforeUpdate != nil {
		s.beforeUpdate()
	}
	return s.Store.UpdateUser(ctx, id, u)
}

func TestVerifyingWhileOthersChangeTheUser(t *testing.T) {
	const bcrypt = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.give(t, u.ID, bcrypt)
	rename := func() {
		if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{FirstName: service.Some("Augusta")}, nil); err != nil {
			t.Fatal(err)
		}
	}
	s := service.New(meanwhile{Store: w.store, beforeUpdate: rename}, service.Config{Argon2: cheap})
	got, err := s.VerifyPassword(t.Context(), login(u.Email, goodPassword))
	if err != nil || got.ID != u.ID {
		t.Errorf("when the hash cannot be replaced: %+v, %v", got, err)
	}
	if w.passwordHash(t, u.ID) != bcrypt {
		t.Error("the hash was replaced in spite of a change")
	}
	s = service.New(meanwhile{Store: w.store, beforeHash: func() {
		if err := w.DeleteUser(t.Context(), u.ID, nil); err != nil {
			t.Fatal(err)
		}
	}}, service.Config{Argon2: cheap})
	_, err = s.VerifyPassword(t.Context(), login(u.Email, goodPassword))
	wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
}

func TestVerifyingStopsWithTheContext(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	for _, email := range []string{u.Email, "nobody"} {
		if _, err := w.VerifyPassword(cancelled(t), login(email, goodPassword)); !errors.Is(err, errHungUp) {
			t.Errorf("%s: the error is %v, want the context's cause", email, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	s := service.New(meanwhile{Store: w.store, beforeHash: func() { cancel(errHungUp) }}, service.Config{Argon2: cheap})
	if _, err := s.VerifyPassword(ctx, login(u.Email, goodPassword)); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
}
