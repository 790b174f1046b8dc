package service_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

func TestCreateUser(t *testing.T) {
	w := newWorld(t)
	u, err := w.CreateUser(t.Context(), service.UserInput{
		Email:     service.Some(" Ada@Example.com "),
		FirstName: service.Some(" Ada"),
		LastName:  service.Some("Love lace "),
		Password:  service.Some(goodPassword),
	})
	if err != nil {
		t.Fatal(err)
	}
	if u.ID.Version() != 7 || u.ID.Variant() != uuid.RFC4122 {
		t.Errorf("the id %s is no UUIDv7", u.ID)
	}
	want := service.User{
		ID: u.ID, Email: "Ada@Example.com", FirstName: "Ada", LastName: "Love lace",
		IsActive: true, Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Errorf("the new user (-want +got):\n%s", diff)
	}
	w.wantStored(t, want)
}

func TestCreateUserActiveOrNot(t *testing.T) {
	w := newWorld(t)
	for _, active := range []bool{true, false} {
		in := newUser(map[bool]string{true: "on@example.com", false: "off@example.com"}[active])
		in.IsActive = service.Some(active)
		u, err := w.CreateUser(t.Context(), in)
		if err != nil || u.IsActive != active {
			t.Errorf("a user created with is_active %v has %v, %v", active, u.IsActive, err)
		}
	}
}

// Stores keep microseconds, so what create returns must be no finer than what
// is read later.
func TestTimesAreUTCInMicroseconds(t *testing.T) {
	fine := time.Date(2026, 11, 23, 14, 0, 0, 123456789, time.FixedZone("", 2*60*60))
	w := newWorldWith(t, service.Config{Argon2: cheap, Now: func() time.Time { return fine }})
	u := w.create(t, "ada@example.com")
	want := time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	if diff := cmp.Diff([2]time.Time{want, want}, [2]time.Time{u.CreatedAt, u.UpdatedAt}); diff != "" || u.CreatedAt.Location() != time.UTC {
		t.Errorf("times in %v (-want +got):\n%s", u.CreatedAt.Location(), diff)
	}
	w.wantStored(t, u)
}

func TestDefaultClockTellsTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := service.New(newWorld(t).store, service.Config{Argon2: cheap})
		u, err := s.CreateUser(t.Context(), newUser("ada@example.com"))
		if err != nil || !u.CreatedAt.Equal(time.Now()) {
			t.Errorf("created at %v, %v, want %v", u.CreatedAt, err, time.Now())
		}
	})
}

func TestCreateUserRefuses(t *testing.T) {
	text, null := service.Some[string], service.Null[string]()
	with := func(change func(*service.UserInput)) service.UserInput {
		in := newUser("ada@example.com")
		change(&in)
		return in
	}
	for name, c := range map[string]struct {
		in   service.UserInput
		want mistakes
	}{
		"nothing given": {service.UserInput{}, mistakes{
			service.FieldEmail: service.FieldRequired, service.FieldFirstName: service.FieldRequired,
			service.FieldLastName: service.FieldRequired, service.FieldPassword: service.FieldRequired,
		}},
		"everything null": {
			service.UserInput{Email: null, FirstName: null, LastName: null, Password: null, IsActive: service.Null[bool]()},
			mistakes{
				service.FieldEmail: service.FieldRequired, service.FieldFirstName: service.FieldRequired,
				service.FieldLastName: service.FieldRequired, service.FieldPassword: service.FieldRequired,
				service.FieldIsActive: service.FieldRequired,
			},
		},
		"everything wrong at once": {
			service.UserInput{Email: text("ada"), FirstName: text(strings.Repeat("a", 101)), LastName: text("a\x00"), Password: text("short")},
			mistakes{
				service.FieldEmail: service.FieldInvalid, service.FieldFirstName: service.FieldTooLong,
				service.FieldLastName: service.FieldForbiddenCharacter, service.FieldPassword: service.FieldTooShort,
			},
		},
		"active null": {
			with(func(in *service.UserInput) { in.IsActive = service.Null[bool]() }),
			mistakes{service.FieldIsActive: service.FieldRequired},
		},
		"password is the address": {
			with(func(in *service.UserInput) { in.Password = text("ADA@example.com") }),
			mistakes{service.FieldPassword: service.FieldPasswordIsPersonal},
		},
		"password is the address, and the first name is missing": {
			with(func(in *service.UserInput) {
				in.Password, in.FirstName = text("ada@example.com"), service.Optional[string]{}
			}),
			mistakes{service.FieldPassword: service.FieldPasswordIsPersonal, service.FieldFirstName: service.FieldRequired},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.CreateUser(t.Context(), c.in)
			wantMistakes(t, err, c.want)
			w.wantCount(t, 0)
		})
	}
}

// wantCount holds the number of all users to n.
func (w *world) wantCount(t *testing.T, n int) {
	t.Helper()
	got, err := w.CountUsers(t.Context(), service.Optional[service.FilterInput]{})
	if err != nil || got != n {
		t.Errorf("there are %d users, %v, want %d", got, err, n)
	}
}

// Each field passes the whole table of its rules through create.
func TestCreateUserPassesTheTables(t *testing.T) {
	check := func(name string, field service.Field, code service.FieldCode, change func(*service.UserInput)) {
		t.Run(string(field)+"/"+name, func(t *testing.T) {
			in := newUser("somebody@example.com")
			change(&in)
			_, err := newWorld(t).CreateUser(t.Context(), in)
			want := mistakes{}
			if code != "" {
				want[field] = code
			}
			wantMistakes(t, err, want)
		})
	}
	for _, c := range servicetest.Emails() {
		check(c.Name, service.FieldEmail, c.Code, func(in *service.UserInput) { in.Email = service.Some(c.In) })
	}
	for _, c := range servicetest.Names() {
		check(c.Name, service.FieldFirstName, c.Code, func(in *service.UserInput) { in.FirstName = service.Some(c.In) })
		check(c.Name, service.FieldLastName, c.Code, func(in *service.UserInput) { in.LastName = service.Some(c.In) })
	}
	for _, c := range servicetest.Passwords() {
		check(c.Name, service.FieldPassword, c.Code, func(in *service.UserInput) { in.Password = service.Some(c.In) })
	}
}

func TestPersonalPasswords(t *testing.T) {
	in := service.UserInput{
		Email: service.Some("Ada.Lovelace@example.com"), FirstName: service.Some("Augusta Ada"), LastName: service.Some("King-Noe\u0308l"),
	}
	for password, want := range map[string]service.FieldCode{
		"ada.lovelace@example.com":   service.FieldPasswordIsPersonal,
		"ADA.LOVELACE":               service.FieldPasswordIsPersonal,
		"augusta ada":                service.FieldPasswordIsPersonal,
		"king-no\u00ebl":             service.FieldPasswordIsPersonal,
		"KING-NOE\u0308L":            service.FieldPasswordIsPersonal,
		"ａｕｇｕｓｔａ　ａｄａ":                service.FieldPasswordIsPersonal,
		"augusta adaking-noël":       service.FieldPasswordIsPersonal,
		"Augusta Ada King-Noël":      service.FieldPasswordIsPersonal,
		"augusta ada king-noël 1815": "",
		"example.com":                "",
	} {
		in.Password = service.Some(password)
		want := mistakes{service.FieldPassword: want}
		if want[service.FieldPassword] == "" {
			want = nil
		}
		t.Run(password, func(t *testing.T) { wantMistakes(t, newWorld(t).CheckUser(in), want) })
	}
}

func TestCreateUserWithTakenEmail(t *testing.T) {
	for _, pair := range servicetest.EmailPairs() {
		t.Run(pair.A+" and "+pair.B, func(t *testing.T) {
			w := newWorld(t)
			w.create(t, pair.A)
			_, err := w.CreateUser(t.Context(), newUser(pair.B))
			if !pair.Same {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError[*service.EmailTakenError](t, err, service.CodeEmailTaken)
			w.wantCount(t, 1)
		})
	}
}

func TestCreateUserWithoutAnID(t *testing.T) {
	noEntropy := errors.New("no entropy")
	w := newWorldWith(t, service.Config{Argon2: cheap, NewID: func() (uuid.UUID, error) { return uuid.Nil, noEntropy }})
	_, err := w.CreateUser(t.Context(), newUser("ada@example.com"))
	if !errors.Is(err, noEntropy) || service.CodeOf(err) != service.CodeInternal {
		t.Errorf("the error is %v (%s)", err, service.CodeOf(err))
	}
	w.wantCount(t, 0)
}

// An id that comes twice is a defect, which no caller can mend.
func TestCreateUserWithAnIDThatIsTaken(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, NewID: func() (uuid.UUID, error) { return someID, nil }})
	first := w.create(t, "ada@example.com")
	_, err := w.CreateUser(t.Context(), newUser("bob@example.com"))
	if err == nil || service.CodeOf(err) != service.CodeInternal {
		t.Errorf("the error is %v (%s)", err, service.CodeOf(err))
	}
	w.wantCount(t, 1)
	w.wantStored(t, first)
}

func TestPasswordPolicyCanBeSet(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Passwords: service.PasswordPolicy{MinLength: 6, MaxLength: 10}})
	for password, want := range map[string]service.FieldCode{
		"vK3!q":       service.FieldTooShort,
		"vK3!qo":      "",
		"vK3!qo9zXw":  "",
		"vK3!qo9zXwt": service.FieldTooLong,
		"123456":      service.FieldPasswordTooCommon,
		"letmein":     service.FieldPasswordTooCommon,
	} {
		t.Run(password, func(t *testing.T) {
			err := w.CheckUser(service.UserInput{Password: service.Some(password)})
			if want == "" {
				wantMistakes(t, err, nil)
			} else {
				wantMistakes(t, err, mistakes{service.FieldPassword: want})
			}
		})
	}
}

func TestCheckUser(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com")
	wantMistakes(t, w.CheckUser(newUser("ada@example.com"), service.FieldEmail), nil) // looks at no other user
	wantMistakes(t, w.CheckUser(service.UserInput{}), nil)
	wantMistakes(t, w.CheckUser(service.UserInput{}, service.FieldIsActive), mistakes{service.FieldIsActive: service.FieldRequired})
	wantMistakes(t, w.CheckUser(service.UserInput{Email: service.Some("ada")}, service.FieldLastName), mistakes{
		service.FieldEmail: service.FieldInvalid, service.FieldLastName: service.FieldRequired,
	})
	w.wantCount(t, 1)
}

func TestCreateUserWhileHashingIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 1, Queue: 1, Wait: 3 * time.Second}})
		leave := w.OccupyHashing(t)
		_, err := w.CreateUser(t.Context(), newUser("ada@example.com"))
		unavailable := wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
		if unavailable.RetryAfter <= 0 {
			t.Errorf("RetryAfter is %v", unavailable.RetryAfter)
		}
		w.wantCount(t, 0)
		leave()
		w.create(t, "ada@example.com")
	})
}

func TestCreateUserForACallerWhoIsGone(t *testing.T) {
	w := newWorld(t)
	if _, err := w.CreateUser(cancelled(t), newUser("ada@example.com")); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
	w.wantCount(t, 0)
}
