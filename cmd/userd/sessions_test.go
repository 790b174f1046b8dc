package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// withAda creates ada through a server.
func withAda(t *testing.T, c caller) {
	t.Helper()
	if status, _, body := c.request(t, http.MethodPost, "/users", "*/*", ada()); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
}

// signIn begins a session of ada's and returns its tokens.
func (c caller) signIn(t *testing.T) (access, refresh string) {
	t.Helper()
	status, _, body := c.request(t, http.MethodPost, "/sessions", "*/*", values{"email": "ada@example.com", "password": "notes on the engine"})
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	g := decoded(t, body)
	return g["access_token"].(string), g["refresh_token"].(string)
}

// wantMe holds a token to be worth a status.
func wantMe(t *testing.T, base, token string, want int) {
	t.Helper()
	if status, _, body := (caller{base: base, token: token}).request(t, http.MethodGet, "/me", "*/*", nil); status != want {
		t.Errorf("status %d, want %d: %s", status, want, body)
	}
}

// Sessions of a file outlive the server, and its log has none of their secrets.
func TestSessionsOfAFile(t *testing.T) {
	db := "--database-url=file:" + filepath.Join(t.TempDir(), "userd.db")
	args := []string{db, "--log-level=debug", "--session-issuer=https://users.example.com", "--session-audience=app"}
	p := start(t, args...)
	c := caller{base: p.base}
	withAda(t, c)
	access, refresh := c.signIn(t)
	wantMe(t, p.base, access, http.StatusOK)
	log := p.logged()
	p.stop(t, syscall.SIGTERM)

	p = start(t, args...)
	wantMe(t, p.base, access, http.StatusOK)
	if says := succeed(t, "sessions", "rotate-key", "--server="+p.base); !strings.Contains(says, "signed with the key ") {
		t.Error(says)
	}
	wantMe(t, p.base, access, http.StatusUnauthorized)
	status, _, body := (caller{base: p.base}).request(t, http.MethodPost, "/sessions/refresh", "*/*", values{"refresh_token": refresh})
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	next := decoded(t, body)
	wantMe(t, p.base, next["access_token"].(string), http.StatusOK)
	log += p.logged()
	for _, secret := range []string{access, refresh, next["access_token"].(string), next["refresh_token"].(string), "notes on the engine"} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is logged", secret)
		}
	}
	p.stop(t, syscall.SIGTERM)
	succeed(t, "sessions", "rotate-key", db)
}

// What one copy does about sessions the others know at once.
func TestSessionsOfADatabase(t *testing.T) {
	db := postgrestest.URL(t)
	servers := startCopies(t, db)
	withAda(t, caller{base: servers[0].base})
	everywhere := func(token string, want int) {
		t.Helper()
		for _, p := range servers {
			wantMe(t, p.base, token, want)
		}
	}
	var sessions [][2]string
	for _, p := range servers {
		access, refresh := (caller{base: p.base}).signIn(t)
		everywhere(access, http.StatusOK)
		sessions = append(sessions, [2]string{access, refresh})
	}
	status, _, body := (caller{base: servers[1].base}).request(t, http.MethodPost, "/sessions/refresh", "*/*", values{"refresh_token": sessions[0][1]})
	again, _, bodyAgain := (caller{base: servers[2].base}).request(t, http.MethodPost, "/sessions/refresh", "*/*", values{"refresh_token": sessions[0][1]})
	if status != http.StatusOK || again != http.StatusOK || decoded(t, body)["refresh_token"] != decoded(t, bodyAgain)["refresh_token"] {
		t.Errorf("%d %s, then %d %s", status, body, again, bodyAgain)
	}
	if status, _, body := (caller{base: servers[1].base, token: sessions[1][0]}).request(t, http.MethodDelete, "/sessions/current", "*/*", nil); status != http.StatusNoContent {
		t.Errorf("%d %s", status, body)
	}
	everywhere(sessions[1][0], http.StatusUnauthorized)
	everywhere(sessions[2][0], http.StatusOK)
	succeed(t, "sessions", "rotate-key", "--database-url="+db)
	for _, p := range servers {
		await(t, "the copy to drop the key", func() bool {
			status, _, _ := (caller{base: p.base, token: sessions[2][0]}).request(t, http.MethodGet, "/me", "*/*", nil)
			return status == http.StatusUnauthorized
		})
	}
	access, _ := (caller{base: servers[0].base}).signIn(t)
	everywhere(access, http.StatusOK)
}

// Over GraphQL a client of a closed service comes in by its refresh token alone.
func TestSessionsOverGraphQL(t *testing.T) {
	_, base, id, _ := closedServer(t)
	post := func(token, query string, variables values) map[string]any {
		t.Helper()
		_, _, body := (caller{base: base, token: token}).request(t, http.MethodPost, "/graphql", "application/json", values{"query": query, "variables": variables})
		answer := decoded(t, body)
		if answer["errors"] != nil {
			t.Fatal(body)
		}
		return answer["data"].(map[string]any)
	}
	const tokens = `{ grant { accessToken refreshToken expiresIn session { id label isCurrent } user { id } } errors { code } }`
	grant := func(data map[string]any) (access, refresh string) {
		t.Helper()
		g := data["g"].(map[string]any)["grant"].(map[string]any)
		if s := g["session"].(map[string]any); g["user"].(map[string]any)["id"] != id || g["expiresIn"] != 900.0 || s["label"] != "phone" || s["isCurrent"] != true {
			t.Errorf("%v", g)
		}
		return g["accessToken"].(string), g["refreshToken"].(string)
	}
	access, refresh := grant(post("users.verify", `mutation { g: signIn(input: {email: "0@example.com", password: "notes on the engine", label: "phone"}) `+tokens+` }`, nil))
	if me := post(access, `{ me { id } }`, nil)["me"].(map[string]any); me["id"] != id {
		t.Errorf("%v", me)
	}
	if me := post("admin", `{ me { id } }`, nil)["me"]; me != nil {
		t.Errorf("a key is %v", me)
	}
	access, next := grant(post(refresh, `mutation ($t: String!) { g: refreshSession(input: {refreshToken: $t}) `+tokens+` }`, values{"t": refresh}))
	list := post(access, `query ($id: ID!) { sessions(userId: $id) { id createdAt refreshedAt expiresAt } }`, values{"id": id})["sessions"].([]any)
	if len(list) != 1 {
		t.Errorf("%v", list)
	}
	ended := post(next, `mutation { signOut(input: {}) { endedSessionId errors { code } } }`, nil)["signOut"].(map[string]any)["endedSessionId"]
	if ended != list[0].(map[string]any)["id"] {
		t.Errorf("%v has ended", ended)
	}
	wantMe(t, base, access, http.StatusUnauthorized)
	refused := (caller{base: base, token: "admin"}).graph(t, operation{query: `mutation { refreshSession(input: {refreshToken: "` + next + `"}) { errors { code } } }`})
	if refused != "UNAUTHENTICATED" {
		t.Errorf("%q", refused)
	}
	for query, want := range map[string]string{
		`mutation { endSession(input: {userId: "1", sessionId: "2"}) { errors { code } } }`: "INVALID",
		`mutation { endSessions(input: {userId: "1"}) { errors { code } } }`:                "INVALID",
		`{ sessions(userId: "1") { id } }`:                                                  "INVALID_INPUT",
	} {
		if got := (caller{base: base, token: "admin"}).graph(t, operation{query: query}); got != want {
			t.Errorf("%s: %q", query, got)
		}
	}
}

func TestSessionSettings(t *testing.T) {
	for _, tt := range []struct {
		says string
		args []string
	}{
		{"--session-issuer", []string{"--session-issuer="}},
		{"--session-issuer", []string{"--session-audience=" + strings.Repeat("x", 256)}},
		{"must differ", []string{"--session-issuer=x", "--jwt-issuer=x", "--jwt-audience=x", "--jwt-jwks=x"}},
		{"from 1m to 1h", []string{"--access-token-lifetime=59s"}},
		{"from 1m to 1h", []string{"--access-token-lifetime=61m"}},
		{"--session-idle-timeout must", []string{"--session-idle-timeout=10m"}},
		{"--session-lifetime at least", []string{"--session-lifetime=719h"}},
	} {
		status, _, stderr := runHere(t, nil, append([]string{"serve", "--addr=127.0.0.1:0", "--database-url=memory:"}, tt.args...)...)
		if status != exitUsage || !strings.Contains(stderr, tt.says) {
			t.Errorf("%v: status %d, %s", tt.args, status, stderr)
		}
	}
	for _, args := range [][]string{{"--server=http://127.0.0.1:1"}, {"--database-url=memory:"}} {
		if status, _, _ := runHere(t, nil, append([]string{"sessions", "rotate-key"}, args...)...); status != exitFailure {
			t.Errorf("%v: status %d", args, status)
		}
	}
}
