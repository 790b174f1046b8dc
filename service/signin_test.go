package service_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func TestSigningIn(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Sessions: service.SessionConfig{Issuer: "https://users.example.com", Audience: "app"}})
	u := w.create(t, "ada@example.com")
	in := signInOf(" ADA@example.com")
	in.Label = service.Some(" Firefox on Linux ")
	g, err := w.SignIn(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := service.Session{ID: g.Session.ID, Label: "Firefox on Linux", CreatedAt: w.now, RefreshedAt: w.now, ExpiresAt: w.now.AddDate(0, 0, 30), IsCurrent: true}
	if diff := cmp.Diff(want, g.Session); diff != "" || g.User != u || g.ExpiresIn != 900 {
		t.Errorf("%+v (-want +got):\n%s", g, diff)
	}
	if !regexp.MustCompile("^userd_refresh_[0-9a-zA-Z]{92}$").MatchString(g.RefreshToken) {
		t.Error(g.RefreshToken)
	}
	claims, err := w.claims(t, g.AccessToken)
	wantClaims := jwt.MapClaims{"iss": "https://users.example.com", "aud": "app", "sub": u.ID.String(), "sid": g.Session.ID.String(),
		"iat": float64(w.now.Unix()), "exp": float64(w.now.Unix() + 900)}
	if diff := cmp.Diff(wantClaims, claims); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	w.wantStored(t, u) // a session is no change of the user
	other := w.signIn(t, u.Email)
	w.now = w.now.Add(time.Minute)
	listed, err := w.Sessions(as(t, w.bearer(t, accessToken)(u)), u.ID)
	if err != nil || len(listed) != 3 || listed[0].IsCurrent || listed[1].IsCurrent || !listed[2].IsCurrent || other.Session.ID == g.Session.ID {
		t.Errorf("%+v %v", listed, err)
	}
}

func TestWrongSignIns(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com")
	gone := w.create(t, "gone@example.com")
	if _, err := w.UpdateUser(t.Context(), gone.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
		t.Fatal(err)
	}
	null, text := service.Null[string](), service.Some[string]
	for name, tt := range map[string]struct {
		in   service.SignInInput
		want mistakes
	}{
		"nothing":      {service.SignInInput{}, mistakes{service.FieldEmail: service.FieldRequired, service.FieldPassword: service.FieldRequired}},
		"null":         {service.SignInInput{Credentials: service.Credentials{Email: null, Password: null, Client: null}, Label: null}, mistakes{service.FieldEmail: service.FieldRequired, service.FieldPassword: service.FieldRequired, service.FieldClient: service.FieldRequired, service.FieldLabel: service.FieldRequired}},
		"a long label": {service.SignInInput{Credentials: login("a", "b"), Label: text(strings.Repeat("ä", 201))}, mistakes{service.FieldLabel: service.FieldTooLong}},
		"two lines":    {service.SignInInput{Credentials: login("a", "b"), Label: text("a\nb")}, mistakes{service.FieldLabel: service.FieldForbiddenCharacter}},
		"no UTF-8":     {service.SignInInput{Credentials: login("a", "b"), Label: text("a\xff")}, mistakes{service.FieldLabel: service.FieldInvalid}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.SignIn(t.Context(), tt.in)
			wantMistakes(t, err, tt.want)
			wantMistakes(t, service.CheckSignIn(tt.in), tt.want)
		})
	}
	for name, in := range map[string]service.SignInInput{
		"another password": {Credentials: login("ada@example.com", "another password")},
		"nobody":           signInOf("nobody@example.com"),
		"no address":       signInOf("ada"),
		"inactive":         signInOf(gone.Email),
	} {
		if _, err := w.SignIn(t.Context(), in); !errors.Is(err, &service.InvalidCredentialsError{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := service.ParseSessionID("1"); err == nil {
		t.Error("a number is an id")
	}
}

// A session must not come of a password that has been changed, nor of a user
// who has been shut out, while it was verified.
func TestSigningInWhileTheUserChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(t *testing.T, w *world, u service.User)
		times  int
		want   service.Code
	}{
		"name":         {renamed, 1, ""},
		"name, always": {renamed, 100, service.CodeUnavailable},
		"password":     {newPassword, 1, service.CodeInvalidCredentials},
		"inactive":     {inactive, 1, service.CodeInvalidCredentials},
		"deleted":      {deleted, 1, service.CodeInvalidCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			times := 0
			store := meanwhile{Store: w.store, beforeUpdate: func() {
				if times++; times <= tt.times {
					tt.change(t, w, u)
				}
			}}
			s := service.New(store, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
			_, err := s.SignIn(t.Context(), signInOf(u.Email))
			if got := service.CodeOf(err); err != nil && got != tt.want || err == nil && tt.want != "" {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func renamed(t *testing.T, w *world, u service.User) {
	if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{FirstName: service.Some(uuid.NewString())}, nil); err != nil {
		t.Error(err)
	}
}

func newPassword(t *testing.T, w *world, u service.User) {
	if _, err := w.SetUserPassword(t.Context(), u.ID, service.Some("another good password"), nil); err != nil {
		t.Error(err)
	}
}

func inactive(t *testing.T, w *world, u service.User) {
	if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
		t.Error(err)
	}
}

func deleted(t *testing.T, w *world, u service.User) {
	if err := w.DeleteUser(t.Context(), u.ID, nil); err != nil {
		t.Error(err)
	}
}

// The session that is to make room changes just then.
func TestSigningInWhileTheOldestSessionIsRefreshed(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	oldest := w.signIn(t, u.Email)
	w.now = w.now.Add(time.Second)
	for range service.MaxSessions - 1 {
		w.signIn(t, u.Email)
	}
	refreshed := 0
	store := meanwhile{Store: w.store, beforeUpdate: func() {
		if refreshed++; refreshed <= 3 {
			oldest = w.refresh(t, oldest.RefreshToken)
		}
	}}
	s := service.New(store, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }})
	if _, err := s.SignIn(t.Context(), signInOf(u.Email)); err != nil || refreshed != 4 {
		t.Errorf("%v, after %d attempts", err, refreshed)
	}
	w.wantEnded(t, oldest)
	if all, err := w.Sessions(t.Context(), u.ID); len(all) != service.MaxSessions || err != nil {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}
