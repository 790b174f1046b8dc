package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// succeed runs a command that has to succeed and returns what it prints.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := runHere(t, nil, args...)
	if status != exitOK {
		t.Fatalf("%v: status %d, %s", args, status, stderr)
	}
	return strings.TrimSpace(stdout)
}

// wantStatus holds the answer to a request for the list of users to a status.
func wantStatus(t *testing.T, base, key string, want int) {
	t.Helper()
	if status, _, body := (caller{base: base, token: key}).request(t, http.MethodGet, "/users", "*/*", nil); status != want {
		t.Errorf("status %d, want %d: %s", status, want, body)
	}
}

// secretFile is a file that holds a secret.
func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeysOfAFile(t *testing.T) {
	db := "--database-url=file:" + filepath.Join(t.TempDir(), "userd.db")
	root := succeed(t, "keys", "add", "root", "--scope=admin", db)
	if !regexp.MustCompile(`^userd_[0-9A-Za-z]{49}$`).MatchString(root) {
		t.Fatalf("the key is %q", root)
	}
	p := start(t, db)
	wantStatus(t, p.base, "", http.StatusUnauthorized)
	wantStatus(t, p.base, root, http.StatusOK)
	get(t, p.base+"/health")
	if strings.Contains(p.logged(), `"level":"WARN"`) {
		t.Error("a closed server warns")
	}

	if status, _, stderr := runHere(t, nil, "keys", "list", db); status != exitFailure || !strings.Contains(stderr, "--server=") {
		t.Errorf("beside a server: status %d, %s", status, stderr)
	}
	server := []string{"--server=" + p.base, "--key-file=" + secretFile(t, root)}
	app := succeed(t, append([]string{"keys", "add", "app", "--scope=users:read", "--scope=changes:read"}, server...)...)
	wantStatus(t, p.base, app, http.StatusOK)
	list := ""
	for _, want := range []string{`(?m)^app +users:read,changes:read +\S+Z +\S+Z +-$`, `(?m)^root +admin +\S+Z +\S+Z +-$`} {
		await(t, "the line "+want, func() bool { // a use is noted a moment later
			wantStatus(t, p.base, app, http.StatusOK)
			list = succeed(t, append([]string{"keys", "list"}, server...)...)
			return regexp.MustCompile(want).MatchString(list)
		})
	}
	succeed(t, append([]string{"keys", "revoke", "app"}, server...)...)
	wantStatus(t, p.base, app, http.StatusUnauthorized)
	if list := succeed(t, append([]string{"keys", "list"}, server...)...); !regexp.MustCompile(`(?m)^app .*Z +\S+Z +\S+Z$`).MatchString(list) {
		t.Errorf("the list shows no revocation:\n%s", list)
	}
	for _, key := range []string{root, app} {
		if strings.Contains(p.logged()+list, key) {
			t.Error("a key is shown or logged")
		}
	}
}

// Proxies may refuse a GET or DELETE that has a body.
func TestRequestsForKeysHaveABodyWhereThereIsSomethingToSay(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, strings.TrimSpace(fmt.Sprint(r.Method, " ", r.Header.Get("Content-Type"), " ", string(body))))
		if r.Method == http.MethodGet {
			fmt.Fprint(w, "[]")
			return
		}
		fmt.Fprint(w, "{}")
	}))
	defer server.Close()
	for _, args := range [][]string{{"keys", "add", "app", "--scope=admin"}, {"keys", "list"}, {"keys", "revoke", "app"}, {"sessions", "rotate-key"}} {
		succeed(t, append(args, "--server="+server.URL)...)
	}
	want := []string{`POST application/json {"name":"app","scopes":["admin"]}`, "GET", "DELETE", "POST"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// On PostgreSQL the command needs no server, and running ones follow.
func TestKeysOfADatabase(t *testing.T) {
	db := "--database-url=" + postgrestest.URL(t)
	copies := []*process{start(t, db), start(t, db)}
	for _, p := range copies {
		wantStatus(t, p.base, "", http.StatusOK)
	}
	key := succeed(t, "keys", "add", "app", "--scope=users:read", db)
	follow := func(key string, want int) {
		t.Helper()
		for _, p := range copies {
			await(t, "every copy", func() bool {
				status, _, _ := (caller{base: p.base, token: key}).request(t, http.MethodGet, "/users", "*/*", nil)
				return status == want
			})
		}
	}
	follow("", http.StatusUnauthorized)
	follow(key, http.StatusOK)
	succeed(t, "keys", "revoke", "app", db)
	follow(key, http.StatusUnauthorized)
	follow("", http.StatusUnauthorized)
}

func TestAFileOfKeys(t *testing.T) {
	made := strings.Split(succeed(t, "keys", "make", "app", "--scope=users:read"), "\n")
	p := start(t, "--database-url=memory:", "--api-keys-file="+secretFile(t, "# keys\n"+made[1]))
	wantStatus(t, p.base, "", http.StatusUnauthorized)
	wantStatus(t, p.base, made[0], http.StatusOK)
	if strings.Contains(made[1], made[0]) {
		t.Error("the line holds the key")
	}
}

func TestWhatKeysRefuse(t *testing.T) {
	db := "--database-url=file:" + filepath.Join(t.TempDir(), "userd.db")
	succeed(t, "keys", "add", "app", "--scope=admin", db)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/404/keys" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte("secret"))
	}))
	defer elsewhere.Close()
	open := start(t, "--database-url=memory:")
	for _, tt := range []struct {
		says string
		args []string
	}{
		{"there is a key of this name", []string{"keys", "add", "app", "--scope=admin", db}},
		{"A scope is one of", []string{"keys", "add", "other", "--scope=users", db}},
		{"--scope", []string{"keys", "add", "other", db}},
		{"no key of this name", []string{"keys", "revoke", "other", db}},
		{"--server", []string{"keys", "list", "--database-url=memory:"}},
		{"nothing is kept there", []string{"keys", "list", "--database-url=file:" + filepath.Join(t.TempDir(), "mistyped.db")}},
		{"--server", []string{"keys", "list", "--key-file=x", db}},
		{"must be a URL", []string{"keys", "list", "--server=localhost:8000"}},
		{"cannot read the API key", []string{"keys", "list", "--server=http://localhost", "--key-file=/nowhere"}},
		{"refused", []string{"keys", "list", "--server=http://127.0.0.1:1"}},
		{"not the answer of a userd", []string{"keys", "list", "--server=" + elsewhere.URL}},
		{"404", []string{"keys", "list", "--server=" + elsewhere.URL + "/404/"}},
		{"A scope is one of", []string{"keys", "add", "other", "--scope=users", "--server=" + open.base}},
		{"no key of this name", []string{"keys", "revoke", "other", "--server=" + open.base}},
		{"A key's name", []string{"keys", "make", "My App", "--scope=admin"}},
		{"cannot read the API keys", []string{"serve", "--addr=127.0.0.1:0", "--database-url=memory:", "--api-keys-file=/nowhere"}},
		{"need each other", []string{"serve", "--jwt-issuer=https://id.example.com"}},
		{"as browsers send them", []string{"serve", "--allowed-origins=https://app.example.com/"}},
	} {
		status, stdout, stderr := runHere(t, nil, tt.args...)
		if status == exitOK || !strings.Contains(stderr, tt.says) || strings.Contains(stderr, "secret") || stdout != "" {
			t.Errorf("%v: status %d, %s%s", tt.args, status, stdout, stderr)
		}
	}
}

// An open server says so once, and how to change it.
func TestAnOpenServerWarns(t *testing.T) {
	p := start(t, "--database-url=memory:")
	p.awaitLog(t, "the service is open")
	log := p.logged()
	if strings.Count(log, `"level":"WARN"`) != 1 || !strings.Contains(log, "everybody on this machine") ||
		!strings.Contains(log, "userd keys add") || !strings.Contains(log, "USERD_API_KEYS_FILE") {
		t.Error(log)
	}
}

func TestPagesAndSchemaCanBeHidden(t *testing.T) {
	p := start(t, "--database-url=memory:", "--no-docs", "--no-console", "--no-introspection", "--allowed-origins=https://app.example.com")
	for _, path := range []string{"/", "/docs", "/redoc", "/playground", "/openapi.json", "/openapi.yaml", "/assets/x",
		"/console", "/console/users/x", "/console/import", "/console/keys", "/console/assets/console.js"} {
		if status, _, _ := (caller{base: p.base}).request(t, http.MethodGet, path, "*/*", nil); status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, status)
		}
	}
	get(t, p.base+"/health")
	for query, want := range map[string]bool{`{ __schema { queryType { name } } }`: false, `{ users { totalCount } }`: true} {
		_, _, body := (caller{base: p.base}).request(t, http.MethodPost, "/graphql", "application/json", values{"query": query})
		if strings.Contains(body, "errors") == want {
			t.Errorf("%s: %s", query, body)
		}
	}
	for origin, want := range map[string]int{"https://app.example.com": http.StatusSwitchingProtocols, "https://other.example.com": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "graphql-transport-ws", "Origin": origin} {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d", origin, resp.StatusCode)
		}
	}
}
