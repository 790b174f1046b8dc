package rest

import (
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

// testKey is a key as an answer has it.
type testKey struct {
	Name       string   `json:"name"`
	Scopes     []string `json:"scopes"`
	Key        string   `json:"key"`
	CreatedAt  string   `json:"created_at"`
	LastUsedAt *string  `json:"last_used_at"`
	RevokedAt  *string  `json:"revoked_at"`
}

func TestKeys(t *testing.T) {
	s := serve(t)
	var k testKey
	s.post("/keys", `{"name": "root", "scopes": ["admin"]}`).is(201).has("Cache-Control", "no-store").into(&k)
	s.get("/keys").problem(401, service.CodeUnauthenticated)
	root := header{"Authorization": "Bearer " + k.Key}
	var app testKey
	s.send("POST", "/keys", `{"name": "app", "scopes": ["users:read"]}`, root).is(201).into(&app)
	if app.Name != "app" || len(app.Scopes) != 1 || !strings.HasPrefix(app.Key, "userd_") {
		t.Errorf("%+v", app)
	}
	s.send("POST", "/keys", `{"name": "app", "scopes": ["users:read"]}`, root).problem(409, service.CodeKeyTaken)
	s.send("GET", "/users", "", header{"Authorization": "Bearer " + app.Key}).is(200)
	s.send("GET", "/keys", "", header{"Authorization": "Bearer " + app.Key}).problem(403, service.CodeForbidden)
	s.send("DELETE", "/keys/root", "", header{"Authorization": "Bearer " + app.Key}).problem(403, service.CodeForbidden)
	s.send("DELETE", "/keys/app", "", root).is(204)
	s.send("DELETE", "/keys/app", "", root).problem(404, service.CodeKeyNotFound)
	s.send("GET", "/users", "", header{"Authorization": "Bearer " + app.Key}).problem(401, service.CodeUnauthenticated)

	var keys []testKey
	listed := s.send("GET", "/keys", "", root).is(200)
	listed.into(&keys)
	if len(keys) != 2 || keys[0].RevokedAt == nil || keys[1].RevokedAt != nil {
		t.Errorf("%+v", keys)
	}
	if strings.Contains(listed.body, "userd_") {
		t.Error("the list has keys")
	}
	if strings.Contains(s.log.String(), "userd_") {
		t.Error("the log has keys")
	}
}

// Whatever stands in the path, it is the name of no key.
func TestNamesThatNoKeyHas(t *testing.T) {
	s := serve(t)
	for _, name := range []string{"nobody", "Nobody", "%FF", "%00", "no%00body", "%C3%A4", "a%20b", strings.Repeat("x", 65)} {
		s.delete("/keys/"+name).problem(404, service.CodeKeyNotFound)
	}
	if log := s.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("the log has %s", log)
	}
}

func TestWrongBodiesForKeys(t *testing.T) {
	s := serve(t)
	for body, want := range map[string][]string{
		`{}`:                               {"name REQUIRED", "scopes REQUIRED"},
		`{"name": 1, "scopes": "secret"}`:  {"name INVALID", "scopes INVALID"},
		`{"name": null, "scopes": [null]}`: {"name REQUIRED", "scopes INVALID"},
		`{"name": "secret!", "scopes": ["secret"], "Name": "app"}`: {"Name UNKNOWN_FIELD", "name INVALID", "scopes INVALID"},
	} {
		s.post("/keys", body).refuses(422, want...)
	}
	s.post("/keys", `[]`).problem(400, codeMalformedJSON)
	s.send("POST", "/keys", `{}`, header{"Content-Type": "text/plain"}).problem(415, codeUnsupportedMediaType)
	s.get("/keys").is(200)
}
