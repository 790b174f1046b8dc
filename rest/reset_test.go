package rest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// serveForTests is a service that can be reset to john alone.
func serveForTests(t *testing.T) *server {
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	var begin *memory.Snapshot
	s := serveStore(t, store, Config{Restore: func() error { return store.Restore(begin) }})
	s.post("/users", john).is(201)
	begin = store.Snapshot()
	return s
}

func TestReset(t *testing.T) {
	s := serveForTests(t)
	before := s.get("/changes").is(200)
	s.named("ada@example.com", "Byron")
	p := s.post("/test/reset", "").is(204)
	if p.body != "" {
		t.Errorf("the body is %q", p.body)
	}
	if got := s.get("/users").users(); len(got) != 1 || got[0].Email != "john.doe@example.com" {
		t.Errorf("the users are %+v", got)
	}
	if after := s.get("/changes").is(200); after.body != before.body || after.header.Get("Link") != before.header.Get("Link") {
		t.Errorf("the log is %s, was %s", after.body, before.body)
	}
	s.get("/test/reset").problem(405, codeMethodNotAllowed)
}

func TestResetEndsStreams(t *testing.T) {
	s := serveForTests(t)
	live := s.follow(t.Context(), "/changes", "")
	s.post("/test/reset", "").is(204)
	if event, data, err := live.next(); event != "problem" || !strings.Contains(data, `"code":"CURSOR_EXPIRED"`) {
		t.Errorf("%s %s %v, want that the cursor has expired", event, data, err)
	}
}

func TestResetNeedsTheScopeAdmin(t *testing.T) {
	s := serveForTests(t)
	root := s.key(nil, "root", "admin")
	app := s.key(root, "app", "users:read", "users:write", "users:verify", "changes:read")
	s.post("/test/reset", "").problem(401, service.CodeUnauthenticated)
	s.send("POST", "/test/reset", "", app).problem(403, service.CodeForbidden)
	s.send("GET", "/users/"+nobody, "", app).problem(404, service.CodeUserNotFound)
	s.send("POST", "/test/reset", "", root).is(204)
	s.get("/users").is(200) // without a key: there is none any more
}

// key makes a key, as whom as shows, and returns the header that shows it.
func (s *server) key(as header, name string, scopes ...string) header {
	s.t.Helper()
	var k testKey
	s.send("POST", "/keys", fmt.Sprintf(`{"name": %q, "scopes": ["%s"]}`, name, strings.Join(scopes, `","`)), as).is(201).into(&k)
	return header{"Authorization": "Bearer " + k.Key}
}

func TestOnlyAServiceForTestsCanBeReset(t *testing.T) {
	s := serve(t)
	s.unchanged(func() { s.post("/test/reset", "").problem(404, codeNotFound) })
}

func TestResetFails(t *testing.T) {
	s := serveStore(t, newStore(t), Config{Restore: func() error { return errors.New("no") }})
	s.post("/test/reset", "").problem(500, service.CodeInternal)
}
