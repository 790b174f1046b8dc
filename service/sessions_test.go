package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// signInOf is what the user with this address signs in with.
func signInOf(email string) service.SignInInput {
	return service.SignInInput{Email: service.Some(email), Password: service.Some(goodPassword)}
}

// signIn begins a session of the user with this address.
func (w *world) signIn(t *testing.T, email string) service.Grant {
	t.Helper()
	g, err := w.SignIn(root(t), signInOf(email))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (w *world) refresh(t *testing.T, token string) service.Grant {
	t.Helper()
	g, err := w.RefreshSession(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// wantSessions holds the user to having these sessions, in this order.
func (w *world) wantSessions(t *testing.T, user uuid.UUID, want ...uuid.UUID) {
	t.Helper()
	all, err := w.Sessions(root(t), user)
	got := make([]uuid.UUID, 0, len(all))
	for _, s := range all {
		got = append(got, s.ID)
	}
	if diff := cmp.Diff(append([]uuid.UUID{}, want...), got); diff != "" || err != nil {
		t.Errorf("%v, the sessions (-want +got):\n%s", err, diff)
	}
}

// wantEnded holds both tokens of g to be worthless.
func (w *world) wantEnded(t *testing.T, g service.Grant) {
	t.Helper()
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.AccessToken)))
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.RefreshToken)))
	wantInvalid(t, first(w.RefreshSession(t.Context(), g.RefreshToken)))
}

// wantInvalid holds err to say that a token is not good.
func wantInvalid(t *testing.T, err error) {
	t.Helper()
	if e := wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated); e == nil || !e.Invalid {
		t.Errorf("the error is %v", err)
	}
}

func accessToken(g service.Grant) string  { return g.AccessToken }
func refreshToken(g service.Grant) string { return g.RefreshToken }

// bearer is the actor that a user becomes by signing in and showing a token.
func (w *world) bearer(t *testing.T, token func(service.Grant) string) func(service.User) service.Actor {
	return func(u service.User) service.Actor {
		a, err := w.Authenticate(t.Context(), "Bearer "+token(w.signIn(t, u.Email)))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// claims verifies a token by the published keys, as anybody does.
func (w *world) claims(t *testing.T, token string) (jwt.MapClaims, error) {
	t.Helper()
	keys, err := w.PublicKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	_, err = jwt.NewParser(jwt.WithTimeFunc(func() time.Time { return w.now }), jwt.WithValidMethods([]string{"EdDSA"})).ParseWithClaims(token, claims,
		func(t *jwt.Token) (any, error) {
			for _, k := range keys {
				if k.ID == t.Header["kid"] {
					return k.Key, nil
				}
			}
			return nil, errNothing
		})
	return claims, err
}

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
		"null":         {service.SignInInput{Email: null, Password: null, Label: null}, mistakes{service.FieldEmail: service.FieldRequired, service.FieldPassword: service.FieldRequired, service.FieldLabel: service.FieldRequired}},
		"a long label": {service.SignInInput{Email: text("a"), Password: text("b"), Label: text(strings.Repeat("ä", 201))}, mistakes{service.FieldLabel: service.FieldTooLong}},
		"two lines":    {service.SignInInput{Email: text("a"), Password: text("b"), Label: text("a\nb")}, mistakes{service.FieldLabel: service.FieldForbiddenCharacter}},
		"no UTF-8":     {service.SignInInput{Email: text("a"), Password: text("b"), Label: text("a\xff")}, mistakes{service.FieldLabel: service.FieldInvalid}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.SignIn(t.Context(), tt.in)
			wantMistakes(t, err, tt.want)
		})
	}
	for name, in := range map[string]service.SignInInput{
		"another password": {Email: text("ada@example.com"), Password: text("another password")},
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

// Each refresh token gives the next one, which the session goes on with.
func TestRefreshing(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	began, seen := w.now, map[string]bool{g.RefreshToken: true}
	for range 10 {
		w.now = w.now.Add(29 * 24 * time.Hour)
		if w.now.Sub(began) >= 180*24*time.Hour {
			break
		}
		next := w.refresh(t, g.RefreshToken)
		if seen[next.RefreshToken] || next.Session.ID != g.Session.ID || next.User != u {
			t.Fatalf("%+v", next)
		}
		ends := w.now.AddDate(0, 0, 30)
		if last := began.AddDate(0, 0, 180); ends.After(last) {
			ends = last
		}
		want := service.Session{ID: g.Session.ID, CreatedAt: began, RefreshedAt: w.now, ExpiresAt: ends, IsCurrent: true}
		if diff := cmp.Diff(want, next.Session); diff != "" {
			t.Error(diff)
		}
		if _, err := w.claims(t, next.AccessToken); err != nil {
			t.Error(err)
		}
		g = next
		seen[g.RefreshToken] = true
	}
	if len(seen) != 7 {
		t.Errorf("it was refreshed %d times", len(seen)-1)
	}
	w.wantEnded(t, g)
	w.wantSessions(t, u.ID)
}

func TestSessionsThatAreNotRefreshedEnd(t *testing.T) {
	w := newWorld(t)
	g := w.signIn(t, w.create(t, "ada@example.com").Email)
	w.now = w.now.Add(15*time.Minute - time.Second)
	if _, err := w.Authenticate(t.Context(), "Bearer "+g.AccessToken); err != nil {
		t.Error(err)
	}
	w.now = w.now.Add(time.Second)
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.AccessToken)))
	w.now = g.Session.ExpiresAt.Add(-time.Second)
	next := w.refresh(t, g.RefreshToken)
	w.now = next.Session.ExpiresAt
	w.wantEnded(t, next)
}

// No access token outlives its session, and no session a lifetime that has been
// made shorter.
func TestLifetimesInTheirWay(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Sessions: service.SessionConfig{AccessTokenLifetime: 24 * time.Hour, IdleTimeout: time.Hour, Lifetime: 90 * time.Minute}})
	g := w.signIn(t, w.create(t, "ada@example.com").Email)
	if g.ExpiresIn != 3600 {
		t.Errorf("%d seconds, of an hour at most", g.ExpiresIn)
	}
	w.now = w.now.Add(time.Hour - time.Second)
	if g = w.refresh(t, g.RefreshToken); g.ExpiresIn != 1801 {
		t.Errorf("%d seconds, of a session that ends in 1801", g.ExpiresIn)
	}
	shorter := service.New(w.store, service.Config{Now: func() time.Time { return w.now }, Sessions: service.SessionConfig{Lifetime: 30 * time.Minute}})
	wantInvalid(t, first(shorter.RefreshSession(t.Context(), g.RefreshToken)))
}

// A token that is used twice is answered twice for ten seconds, in the same way.
// After that its session ends, and operators hear of it, but no secret.
func TestReuse(t *testing.T) {
	var log bytes.Buffer
	w := newWorldWith(t, service.Config{Argon2: cheap, Log: slog.New(slog.NewTextHandler(&log, nil))})
	u := w.create(t, "ada@example.com")
	other, old := w.signIn(t, u.Email), w.signIn(t, u.Email)
	next := w.refresh(t, old.RefreshToken)
	w.now = w.now.Add(10*time.Second - time.Microsecond)
	again := w.refresh(t, old.RefreshToken)
	if again.RefreshToken != next.RefreshToken || again.Session != next.Session {
		t.Errorf("%+v, want %+v", again, next)
	}
	w.now = w.now.Add(time.Microsecond)
	newest := w.refresh(t, next.RefreshToken)
	if log.Len() != 0 {
		t.Errorf("the log says %s", &log)
	}
	wantInvalid(t, first(w.RefreshSession(t.Context(), old.RefreshToken)))
	w.wantEnded(t, newest)
	w.wantSessions(t, u.ID, other.Session.ID)
	if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "level=WARN") ||
		!strings.Contains(line, u.ID.String()) || !strings.Contains(line, old.Session.ID.String()) || strings.Contains(line, "userd_refresh") {
		t.Errorf("the log says %s", line)
	}
}

// Whoever does not have a refresh token cannot end the session by showing
// something that looks like it.
func TestRefreshTokensThatAreNone(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g, other := w.signIn(t, u.Email), w.signIn(t, u.Email)
	for name, token := range map[string]string{
		"nothing":             "",
		"an API key":          service.NewKeyText(),
		"an access token":     g.AccessToken,
		"a part":              g.RefreshToken[:len(g.RefreshToken)-1],
		"more":                g.RefreshToken + "0",
		"a digit changed":     changedDigit(g.RefreshToken),
		"another prefix":      strings.Replace(g.RefreshToken, "userd", "other", 1),
		"all zeros":           service.SecretText("userd_refresh_", make([]byte, 64)),
		"another family":      withFamily(t, g.RefreshToken),
		"too large a number":  service.Checked("userd_refresh_" + strings.Repeat("Z", 86)),
		"no number":           service.Checked("userd_refresh_" + strings.Repeat("_", 86)),
		"a negative number":   service.Checked("userd_refresh_-" + strings.Repeat("1", 85)),
		"another sort's text": service.SecretText("userd_", make([]byte, 64)),
	} {
		t.Run(name, func(t *testing.T) {
			wantInvalid(t, first(w.RefreshSession(t.Context(), token)))
			if strings.HasPrefix(token, "userd_refresh_") {
				wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+token)))
			}
			if token != "" && token != g.AccessToken {
				wantInvalid(t, first(w.SignOut(t.Context(), token)))
			}
		})
	}
	w.wantSessions(t, u.ID, oldestFirst(g, other)...)
	w.refresh(t, g.RefreshToken)
}

// oldestFirst are the sessions of grants that were made at one time, in the order
// of the store.
func oldestFirst(grants ...service.Grant) (ids []uuid.UUID) {
	for _, g := range grants {
		ids = append(ids, g.Session.ID)
	}
	service.SortBySessionKey(ids)
	return ids
}

func changedDigit(text string) string {
	digit := "0"
	if text[20] == '0' {
		digit = "1"
	}
	return text[:20] + digit + text[21:]
}

// withFamily is a token of the same session that somebody else has made up.
func withFamily(t *testing.T, token string) string {
	t.Helper()
	secret := make([]byte, 64)
	if !service.ParseSecret("userd_refresh_", token, secret) {
		t.Fatal("it is no token")
	}
	secret[16] ^= 1
	return service.SecretText("userd_refresh_", secret)
}

// However many refresh at once with one token, there is one next token.
func TestManyRefreshAtOnce(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	for range 5 {
		next := make([]string, 16)
		var all sync.WaitGroup
		for i := range next {
			all.Go(func() {
				g, err := w.RefreshSession(t.Context(), g.RefreshToken)
				if err != nil {
					t.Error(err)
				}
				next[i] = g.RefreshToken
			})
		}
		all.Wait()
		for _, token := range next {
			if token != next[0] || token == g.RefreshToken {
				t.Fatalf("%s and %s", token, next[0])
			}
		}
		g.RefreshToken = next[0]
	}
	w.wantSessions(t, u.ID, g.Session.ID)
}

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
		u, err := strong.VerifyPassword(t.Context(), g.User.Email, goodPassword)
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

// as calls do as whoever shows the token.
func (w *world) as(t *testing.T, token string, do func(context.Context) error) error {
	t.Helper()
	a, err := w.Authenticate(t.Context(), "Bearer "+token)
	if err != nil {
		t.Fatal(err)
	}
	return do(as(t, a))
}

func TestSessionsThatAreNotThere(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.create(t, "ada@example.com"), w.create(t, "bob@example.com")
	g := w.signIn(t, ada.Email)
	for name, err := range map[string]error{
		"unknown":   w.EndSession(t.Context(), ada.ID, uuid.Max),
		"another's": w.EndSession(t.Context(), bob.ID, g.Session.ID),
	} {
		if !errors.Is(err, &service.SessionNotFoundError{}) || err.Error() != "the user has no session with this id" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"list":    first(w.Sessions(t.Context(), uuid.Max)),
		"end all": first(w.EndSessions(t.Context(), uuid.Max)),
		"end one": w.EndSession(t.Context(), uuid.Max, g.Session.ID),
	} {
		if !errors.Is(err, &service.UserNotFoundError{ID: uuid.Max}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.SignOut(t.Context(), "") // nobody is signed in
	if e := wantError[*service.UnauthenticatedError](t, err, service.CodeUnauthenticated); e.Invalid {
		t.Error(e)
	}
	w.wantSessions(t, ada.ID, g.Session.ID)
}

// One session more than there can be ends the oldest; where there are more,
// because many have signed in at once, as many as are too many.
func TestTooManySessionsEndTheOldest(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	var grants []service.Grant
	var ids []uuid.UUID
	signIn := func() {
		grants = append(grants, w.signIn(t, u.Email))
		ids = append(ids, grants[len(grants)-1].Session.ID)
		w.now = w.now.Add(time.Second)
	}
	for range service.MaxSessions + 2 {
		signIn()
	}
	w.wantSessions(t, u.ID, ids[2:]...)
	w.wantEnded(t, grants[0])
	w.wantEnded(t, grants[1])
	w.refresh(t, grants[2].RefreshToken)
	for range 2 { // as if two had come at once
		service.AddSession(t, w.Service, u)
	}
	signIn()
	if all, err := w.Sessions(t.Context(), u.ID); len(all) != service.MaxSessions || err != nil {
		t.Errorf("%d sessions, %v", len(all), err)
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

func TestMe(t *testing.T) {
	w := closed(t)
	ada, _ := w.pair(t)
	for name, tt := range map[string]struct {
		actor service.Actor
		want  *service.User
	}{
		"a session":          {w.bearer(t, accessToken)(ada), &ada},
		"an issuer's token":  {service.TokenActor(ada.ID.String(), nil), &ada},
		"a refresh token":    {w.bearer(t, refreshToken)(ada), nil},
		"a key":              {key(service.ScopeAdmin), nil},
		"a program's token":  {service.TokenActor("billing", nil), nil},
		"an unknown subject": {service.TokenActor(uuid.Max.String(), nil), nil},
	} {
		got, err := w.Me(as(t, tt.actor))
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	open := newWorld(t)
	if got, err := open.Me(t.Context()); got != nil || err != nil {
		t.Errorf("%+v %v", got, err)
	}
}

// storeThatFails fails in one method.
type storeThatFails struct {
	service.Store
	item, items, change, user bool
}

var errAway = &service.UnavailableError{Reason: "The store is away."}

func (s *storeThatFails) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	if s.item {
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
		"sign in, keys":     {storeThatFails{item: true}, func(ctx context.Context, s *service.Service) error { return first(s.SignIn(ctx, signInOf(u.Email))) }},
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

// A copy of an older version that shuts a user out ends no sessions.
func TestInactiveUsersDoNotRefresh(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	if _, err := w.store.UpdateUser(t.Context(), u.ID, service.Update{At: w.now, IsActive: new(false)}); err != nil {
		t.Fatal(err)
	}
	wantInvalid(t, first(w.RefreshSession(t.Context(), g.RefreshToken)))
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.AccessToken)))
}

// What is kept of sessions is of no use to who reads it.
func TestSessionsAreKeptWithoutTheirSecrets(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.refresh(t, w.signIn(t, u.Email).RefreshToken)
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "session", Limit: 10, At: w.now})
	if err != nil || len(items) != 1 {
		t.Fatalf("%+v %v", items, err)
	}
	secret := make([]byte, 64)
	service.ParseSecret("userd_refresh_", g.RefreshToken, secret)
	for _, part := range [][]byte{secret[16:32], secret[32:]} {
		encoded, _ := json.Marshal(part)
		if bytes.Contains(items[0].Value, bytes.Trim(encoded, `"`)) || bytes.Contains(items[0].Value, part) {
			t.Errorf("%s is kept", encoded)
		}
	}
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
