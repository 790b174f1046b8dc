package rest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/userd/userd/service"
)

// testGrant is what a client reads of a session's tokens.
type testGrant struct {
	AccessToken  string      `json:"access_token"`
	TokenType    string      `json:"token_type"`
	ExpiresIn    int         `json:"expires_in"`
	RefreshToken string      `json:"refresh_token"`
	Session      testSession `json:"session"`
	User         testUser    `json:"user"`
}

// access and refresh are requests' headers with one of the tokens.
func (g testGrant) access() header { return header{"Authorization": "Bearer " + g.AccessToken} }
func (g testGrant) refresh() header {
	return header{"Authorization": "Bearer " + g.RefreshToken}
}

type testSession struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	CreatedAt   string `json:"created_at"`
	RefreshedAt string `json:"refreshed_at"`
	ExpiresAt   string `json:"expires_at"`
	IsCurrent   bool   `json:"is_current"`
}

const johnSignsIn = `{"email": "john.doe@example.com", "password": "SecurePass123", "label": "Firefox on Linux"}`

func (s *server) signIn() (g testGrant) {
	s.t.Helper()
	s.post("/sessions", johnSignsIn).is(201).has("Cache-Control", "no-store").has("Content-Type", "application/json").into(&g)
	return g
}

func TestSessions(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	g := s.signIn()
	if g.TokenType != "Bearer" || g.ExpiresIn != 900 || g.User != u || g.Session.Label != "Firefox on Linux" || !g.Session.IsCurrent {
		t.Errorf("%+v", g)
	}
	me := s.send("GET", "/me", "", g.access()).is(200).has("Cache-Control", "private, no-cache").has("ETag", `"1"`)
	if me.user() != u {
		t.Error(me.body)
	}
	var next testGrant
	s.post("/sessions/refresh", `{"refresh_token": "`+g.RefreshToken+`"}`).is(200).has("Cache-Control", "no-store").into(&next)
	if next.RefreshToken == g.RefreshToken || next.Session.ID != g.Session.ID || next.User != u {
		t.Errorf("%+v", next)
	}
	other := s.signIn()
	sessions := "/users/" + u.ID + "/sessions"
	var list []testSession
	s.send("GET", sessions, "", next.access()).is(200).has("Cache-Control", "no-store").into(&list)
	if len(list) != 2 || !list[0].IsCurrent || list[1].IsCurrent || list[0].ID != g.Session.ID {
		t.Errorf("%+v", list)
	}
	s.send("DELETE", sessions+"/"+other.Session.ID, "", next.access()).is(204)
	s.send("DELETE", sessions+"/"+other.Session.ID, "", next.access()).problem(404, service.CodeSessionNotFound)
	s.send("GET", "/me", "", other.access()).problem(401, service.CodeUnauthenticated)
	s.send("DELETE", "/sessions/current", "", next.access()).is(204)
	s.send("DELETE", "/sessions/current", "", next.access()).problem(401, service.CodeUnauthenticated)
	s.post("/sessions/refresh", `{"refresh_token": "`+next.RefreshToken+`"}`).problem(401, service.CodeUnauthenticated)

	a, b := s.signIn(), s.signIn()
	s.send("DELETE", "/sessions/current", "", a.refresh()).is(204)
	s.send("DELETE", sessions, "", b.access()).is(204)
	s.send("GET", "/me", "", b.access()).problem(401, service.CodeUnauthenticated)
	if log := s.log.String(); strings.Contains(log, "userd_refresh") || strings.Contains(log, "eyJ") || strings.Contains(log, "SecurePass") {
		t.Errorf("the log has secrets: %s", log)
	}
}

func TestWhoHasNoSession(t *testing.T) {
	s := serve(t)
	s.create(john)
	if p := s.get("/me").problem(404, service.CodeUserNotFound); p.Detail != "Whoever calls is no user." {
		t.Errorf("%+v", p)
	}
	s.delete("/sessions/current").problem(401, service.CodeUnauthenticated)
	s.get("/users/"+nobody+"/sessions").problem(404, service.CodeUserNotFound)
	s.delete("/users/"+nobody+"/sessions").problem(404, service.CodeUserNotFound)
	for _, path := range []string{"/users/1/sessions", "/users/" + nobody + "/sessions/1", "/users/1/sessions/" + nobody} {
		want := map[bool]string{true: "session_id INVALID", false: "id INVALID"}[strings.HasSuffix(path, "/sessions/1")]
		s.delete(path).refuses(400, want)
	}
	s.get("/users/1/sessions").refuses(400, "id INVALID")
	s.delete("/users/"+nobody+"/sessions/"+nobody).problem(404, service.CodeUserNotFound)
	s.post("/sessions", strings.Replace(johnSignsIn, "Secure", "secure", 1)).problem(422, service.CodeInvalidCredentials)
	g := s.signIn()
	p := s.send("GET", "/users", "", header{"Authorization": "Bearer " + g.AccessToken + "x"}).problem(401, service.CodeUnauthenticated)
	if p.Detail != "The API key or token is not valid, or no longer." {
		t.Errorf("%+v", p)
	}
}

func TestWrongBodiesForSessions(t *testing.T) {
	s := serve(t)
	for body, want := range map[string][]string{
		`{}`: {"email REQUIRED", "password REQUIRED"},
		`{"email": 1, "password": ["secret"], "label": 1}`:                   {"email INVALID", "password INVALID", "label INVALID"},
		`{"email": null, "password": null, "label": null}`:                   {"email REQUIRED", "password REQUIRED", "label REQUIRED"},
		`{"email": "secret", "password": "secret", "label": "a\u0000"}`:      {"label FORBIDDEN_CHARACTER"},
		`{"email": "secret", "password": "secret", "Label": "", "scope": 1}`: {"Label UNKNOWN_FIELD", "scope UNKNOWN_FIELD"},
	} {
		s.post("/sessions", body).refuses(422, want...)
	}
	for body, want := range map[string][]string{
		`{}`:                      {"refresh_token REQUIRED"},
		`{"refresh_token": null}`: {"refresh_token REQUIRED"},
		`{"refresh_token": 1}`:    {"refresh_token INVALID"},
		`{"refresh_token": "secret", "grant_type": "refresh_token"}`: {"grant_type UNKNOWN_FIELD"},
	} {
		s.post("/sessions/refresh", body).refuses(422, want...)
	}
	for _, path := range []string{"/sessions", "/sessions/refresh"} {
		s.post(path, `[]`).problem(400, codeMalformedJSON)
		s.send("POST", path, `{}`, header{"Content-Type": "text/plain"}).problem(415, codeUnsupportedMediaType)
	}
}

// The keys are for everybody and every cache, and are replaced by who may.
func TestPublicKeys(t *testing.T) {
	s := serve(t)
	type jwks struct {
		Keys []jwk `json:"keys"`
	}
	var set, replaced jwks
	kept := s.get("/.well-known/jwks.json").is(200).has("Cache-Control", "public, max-age=300").has("Content-Type", "application/jwk-set+json")
	kept.into(&set)
	var root testKey
	s.post("/keys", `{"name": "root", "scopes": ["admin"]}`).is(201).into(&root)
	if again := s.get("/.well-known/jwks.json").is(200); again.body != kept.body {
		t.Errorf("closed, it has %s", again.body)
	}
	s.post("/signing-keys", "").problem(401, service.CodeUnauthenticated)
	var k jwk
	s.send("POST", "/signing-keys", "", header{"Authorization": "Bearer " + root.Key}).is(201).into(&k)
	s.get("/.well-known/jwks.json").is(200).into(&replaced)
	if len(set.Keys) != 1 || len(replaced.Keys) != 1 || replaced.Keys[0] != k || set.Keys[0] == k {
		t.Errorf("%+v, then %+v, want %+v", set, replaced, k)
	}
}

// In a closed service only the application signs users in; who has a refresh
// token needs nothing else.
func TestSessionsInAClosedService(t *testing.T) {
	s := serve(t)
	s.create(john)
	var root, app testKey
	s.post("/keys", `{"name": "root", "scopes": ["admin"]}`).is(201).into(&root)
	s.send("POST", "/keys", `{"name": "app", "scopes": ["users:verify"]}`, header{"Authorization": "Bearer " + root.Key}).is(201).into(&app)
	s.post("/sessions", johnSignsIn).problem(401, service.CodeUnauthenticated)
	var g, next testGrant
	s.send("POST", "/sessions", johnSignsIn, header{"Authorization": "Bearer " + app.Key}).is(201).into(&g)
	s.post("/sessions/refresh", `{"refresh_token": "`+g.RefreshToken+`"}`).is(200).into(&next)
	s.send("GET", "/me", "", next.access()).is(200)
	s.send("GET", "/users", "", next.access()).problem(403, service.CodeForbidden)
	s.send("GET", "/me", "", next.refresh()).problem(404, service.CodeUserNotFound)
	s.send("GET", "/users/"+g.User.ID, "", next.refresh()).problem(404, service.CodeUserNotFound)
	s.send("POST", "/sessions", johnSignsIn, next.access()).problem(403, service.CodeForbidden)
}

func TestKeysWhileTheStoreIsAway(t *testing.T) {
	store := newStore(t)
	s := serveStore(t, &faultyItems{Store: store}, Config{})
	s.get("/.well-known/jwks.json").problem(503, service.CodeUnavailable)
	s.post("/signing-keys", "").problem(503, service.CodeUnavailable)
}

// faultyItems is a store without items.
type faultyItems struct{ service.Store }

func (faultyItems) Item(context.Context, service.ItemKind, service.ItemKey, time.Time) (service.Item, error) {
	return service.Item{}, &service.UnavailableError{}
}
