package service_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// signInOf is what the user with this address signs in with.
func signInOf(email string) service.SignInInput {
	return service.SignInInput{Credentials: login(email, goodPassword)}
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

// A session's tokens are bearer tokens as all others are: under another scheme,
// or beside something else, they are nobody's.
func TestSessionTokensInOtherFormsAreNobodys(t *testing.T) {
	w, open := closed(t), newWorld(t)
	ada, _ := w.pair(t)
	bob := open.create(t, "bob@example.com")
	for name, form := range map[string]string{"another scheme": "Basic %s", "no scheme": "%s", "two": "Bearer %[1]s, Bearer %[1]s"} {
		t.Run(name, func(t *testing.T) {
			g, there := w.signIn(t, ada.Email), open.signIn(t, bob.Email)
			for _, token := range []func(service.Grant) string{accessToken, refreshToken} {
				wantInvalid(t, first(w.Authenticate(t.Context(), fmt.Sprintf(form, token(g)))))
				if a, err := open.Authenticate(t.Context(), fmt.Sprintf(form, token(there))); err != nil || a.String() != "anonymous" {
					t.Errorf("in an open service: %s, %v", a, err)
				}
			}
		})
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
