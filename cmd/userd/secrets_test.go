package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// secrets are what nobody may find again, by what they are.
type secrets map[string]string

// add notes a secret and returns it.
func (s secrets) add(what, secret string) string {
	s[what] = secret
	return secret
}

// password is a new password that no other text holds.
func (s secrets) password(what string) string {
	return s.add(what, fmt.Sprintf("Zq%dx Kv9w secret", len(s)))
}

// scan demands that text holds none of them, in no usual spelling.
func (s secrets) scan(t *testing.T, where, text string) {
	t.Helper()
	for what, secret := range s {
		for _, spelling := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(text, spelling) {
				t.Errorf("%s: there is %s", where, what)
				break
			}
		}
	}
	if strings.Contains(text, "$argon2id$") || strings.Contains(text, "$2b$04$") {
		t.Errorf("%s: there is a hash", where)
	}
}

// visitor sends requests and scans the answers.
type visitor struct {
	t *testing.T
	secrets
	base string
}

func (v visitor) send(method, path, body, authorization string, want int) string {
	v.t.Helper()
	status, answer := ask(v.t, method, v.base+path, body, "Authorization", authorization)
	if status != want {
		v.t.Errorf("%s %s: %d, want %d: %s", method, path, status, want, answer)
	}
	v.scan(v.t, "the answer to "+method+" "+path, answer)
	return answer
}

// TestNoSecretIsFoundAgain does everything that takes a secret, rightly and
// wrongly, with a server that tells as much as it can, and looks for each of
// them in all that it says, and in what it keeps.
func TestNoSecretIsFoundAgain(t *testing.T) {
	t.Run("file", func(t *testing.T) {
		s, path := secrets{}, filepath.Join(t.TempDir(), "userd.db")
		useSecrets(t, s, "file:"+path)
		for _, file := range []string{path, path + "-wal"} {
			kept, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(strings.ReplaceAll(string(kept), "$argon2id$", ""), "$2b$04$", "") // hashes belong there
			s.scan(t, filepath.Base(file), text)
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s, db := secrets{}, postgrestest.Start(t, "fsync=off")
		db.RequirePassword(t, s.add("the database's password", "Zq-database-Kv9w"))
		useSecrets(t, s, strings.Replace(db.URL(), "postgres@", "postgres:Zq-database-Kv9w@", 1))
	})
}

func useSecrets(t *testing.T, s secrets, database string) {
	t.Helper()
	made := strings.Split(succeed(t, "keys", "make", "root", "--scope=admin"), "\n")
	settings, sign := newIssuer(t)
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=the%20key,x-other="+s.add("a header for the collector", "Zq-collector-Kv9w"))
	p, ops := startWithOps(t, append(settings, "--database-url="+database, "--log-level=debug", "--api-keys-file="+secretFile(t, made[1]))...)
	v := visitor{t, s, p.base}
	root := "Bearer " + s.add("the key of a file", made[0])
	token := "Bearer " + s.add("a token", sign("billing", "users:read"))

	v.usePasswords(root)
	v.useSessions(root)
	v.useTokens(root)
	v.useCredentials(root, token)
	v.moveUsers()
	v.send("GET", "/users?limit=200", "", token, 200)
	v.send("GET", "/changes?limit=200", "", root, 200)
	v.send("GET", "/keys", "", root, 200)
	s.scan(t, "metrics", get(t, ops+"/metrics"))
	s.scan(t, "the profile of the command line", strings.ReplaceAll(get(t, ops+"/debug/pprof/cmdline"), database, ""))
	if status := p.stop(t, syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d", status)
	}
	s.scan(t, "the log", p.logged())
	c.mu.Lock()
	defer c.mu.Unlock()
	s.scan(t, "traces", c.text.String())
	if len(c.spans) < 20 || strings.Count(p.logged(), `"msg":"request"`) < 20 {
		t.Errorf("%d spans, and a log of %d bytes: nothing was scanned", len(c.spans), len(p.logged()))
	}
}

// usePasswords sets passwords, rightly and wrongly.
func (v visitor) usePasswords(root string) {
	v.t.Helper()
	user := func(email, password string) string {
		return fmt.Sprintf(`{"email":%q,"first_name":"Ada","last_name":"L","password":%q}`, email, password)
	}
	created := decoded(v.t, v.send("POST", "/users", user("ada@example.com", v.password("a password")), root, 201))
	path := fmt.Sprint("/users/", created["id"])
	v.send("POST", "/users", user("ada@example.com", v.password("a password of somebody who is there")), root, 409)
	v.send("POST", "/users", user("no address", v.password("a password beside a mistake")), root, 422)
	v.send("POST", "/users", user("bob@example.com", v.password("too long a password")+strings.Repeat("x", 200)), root, 422)
	v.send("POST", "/users", user("bob@example.com", v.password("a password of half a body"))[:90], root, 400)
	v.send("POST", "/users", `{"`+v.password("a password for a field")+`":1}`, root, 422)
	v.send("POST", "/users:batch", `{"users":[`+user("carol@example.com", v.password("a password of a batch"))+`]}`, root, 200)
	v.send("PUT", path+"/password", fmt.Sprintf(`{"password":%q}`, v.password("another password")), root, 204)
	v.send("PUT", path+"/password", fmt.Sprintf(`{"password":[%q]}`, v.password("a password in a list")), root, 422)
	const show = `{"email":"ada@example.com","password":%q}`
	v.send("POST", "/users/verify-password", fmt.Sprintf(show, v.password("a wrong password")), root, 422)
	v.send("POST", "/users/verify-password", fmt.Sprintf(`{"email":%q,"password":"guess"}`, v.password("a password in the place of an address")), root, 422)
	for range 6 {
		v.send("POST", "/users/verify-password", `{"email":"nobody@example.com","password":"guess"}`, root, 422)
	}
	v.send("POST", "/users/verify-password", fmt.Sprintf(`{"email":"nobody@example.com","password":%q}`, v.password("a password in a wait")), root, 429)
	v.send("GET", "/users?password="+url.QueryEscape(v.password("a password in a query")), "", root, 400)
	v.send("GET", "/users/"+url.PathEscape(v.password("a password in a path")), "", root, 400)
	v.send("GET", "/"+url.PathEscape(v.password("a password for a path")), "", root, 404)

	graph := func(query string) { v.send("POST", "/graphql", fmt.Sprintf(`{"query":%q}`, query), root, 200) }
	create := func(password string) string {
		return fmt.Sprintf(`mutation { createUser(input: {email: "dan@example.com", firstName: "D", lastName: "L", password: %s}) { user { id } errors { code message } } }`, password)
	}
	graph(create(fmt.Sprintf("%q", v.password("a password in a document"))))
	graph(create(fmt.Sprintf("[%q]", v.password("a password in a list of a document"))))
	graph(create(`"` + v.password("a password without an end")))
	graph(create(fmt.Sprintf("%q", v.password("a password in a document of nonsense"))) + " }")
	v.send("POST", "/graphql", fmt.Sprintf(`{"query":"mutation($p: String!) { createUser(input: {email: \"eve@example.com\", firstName: \"E\", lastName: \"L\", password: $p}) { user { id } } }","variables":{"p":%q}}`, v.password("a password in a variable")), root, 200)
	v.send("POST", "/graphql", fmt.Sprintf(`{"query":"mutation($p: Int!) { __typename @skip(if: $p) }","variables":{"p":%q}}`, v.password("a password for a number")), root, 200)
	v.send("POST", "/graphql", `{"query":"{ __typename }","variables":"`+v.password("a password for variables")+`"}`, root, 400)
	v.send("GET", "/graphql?query="+url.QueryEscape(create(fmt.Sprintf("%q", v.password("a password in a URL")))), "", root, 405)
}

// reveal sends a request whose answer tells a secret, this once, and returns the
// answer.
func (v visitor) reveal(path, body, authorization string) map[string]any {
	v.t.Helper()
	status, answer := ask(v.t, "POST", v.base+path, body, "Authorization", authorization)
	if status != http.StatusOK && status != http.StatusCreated {
		v.t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return decoded(v.t, answer)
}

// useSessions signs in and out, rightly and wrongly. What is told again and again
// is the password, and what is told once the tokens.
func (v visitor) useSessions(root string) {
	v.t.Helper()
	password := v.password("a password to sign in with")
	user := decoded(v.t, v.send("POST", "/users", fmt.Sprintf(`{"email":"sam@example.com","first_name":"S","last_name":"L","password":%q}`, password), root, 201))
	credentials := fmt.Sprintf(`{"email":"sam@example.com","password":%q}`, password)
	v.send("POST", "/users/verify-password", credentials, root, 200)
	v.send("POST", "/graphql", fmt.Sprintf(`{"query":"mutation($p: String!) { verifyPassword(input: {email: \"sam@example.com\", password: $p}) { user { id } errors { code } } }","variables":{"p":%q}}`, password), root, 200)
	v.send("POST", "/sessions", fmt.Sprintf(`{"email":"sam@example.com","password":%q}`, v.password("a wrong password to sign in with")), root, 422)
	g := v.reveal("/sessions", credentials, root)
	access, refresh := v.add("an access token", g["access_token"].(string)), v.add("a refresh token", g["refresh_token"].(string))
	v.send("GET", "/me", "", "Bearer "+access, 200)
	v.send("GET", fmt.Sprintf("/users/%s/sessions", user["id"]), "", "Bearer "+access, 200)
	v.send("GET", "/.well-known/jwks.json", "", "", 200)
	g = v.reveal("/sessions/refresh", fmt.Sprintf(`{"refresh_token":%q}`, refresh), "")
	access, refresh = v.add("another access token", g["access_token"].(string)), v.add("another refresh token", g["refresh_token"].(string))
	v.send("POST", "/sessions/refresh", fmt.Sprintf(`{"refresh_token":%q}`, v.add("a refresh token with a wrong digit", changedDigit(refresh))), "", 401)
	v.send("POST", "/sessions/refresh", fmt.Sprintf(`{%q:1}`, refresh), "", 422)
	v.send("GET", "/me", "", "Bearer "+v.add("an access token with a wrong signature", access[:len(access)-8]+"AAAAAAAA"), 401)
	v.send("GET", "/me", "", "Bearer "+refresh, 404)
	v.send("POST", "/signing-keys", "", root, 201)
	v.send("GET", "/me", "", "Bearer "+access, 401)
	v.send("DELETE", "/sessions/current", "", "Bearer "+refresh, 204)
	v.send("POST", "/sessions/refresh", fmt.Sprintf(`{"refresh_token":%q}`, refresh), "", 401)
}

// useTokens makes and redeems one-time tokens, rightly and wrongly.
func (v visitor) useTokens(root string) {
	v.t.Helper()
	const sam = `{"email":"sam@example.com"}`
	redeem := func(what, token string, want int) {
		v.t.Helper()
		v.send("POST", "/password-resets", fmt.Sprintf(`{"token":%q,"password":%q}`, token, v.password("a password of "+what)), root, want)
	}
	reset := v.add("a token for a reset", v.reveal("/password-reset-tokens", sam, root)["token"].(string))
	redeem("a token with a wrong digit", v.add("a token with a wrong digit", changedDigit(reset)), 422)
	redeem("a token", reset, 200)
	redeem("a token that was redeemed", reset, 422)
	confirmation := v.add("a token for an address", v.reveal("/email-confirmation-tokens", sam, root)["token"].(string))
	redeem("a token of another kind", confirmation, 422)
	v.send("POST", "/email-confirmations", fmt.Sprintf(`{"token":[%q]}`, confirmation), root, 422)
	v.send("POST", "/email-confirmations", fmt.Sprintf(`{"token":%q}`, confirmation), "Bearer "+confirmation, 401)
	v.send("POST", "/email-confirmations", fmt.Sprintf(`{"token":%q}`, confirmation), root, 200)
}

// changedDigit is text with another digit at its end.
func changedDigit(text string) string {
	digit := "0"
	if strings.HasSuffix(text, "0") {
		digit = "1"
	}
	return text[:len(text)-1] + digit
}

// useCredentials shows keys and tokens, right ones and wrong ones.
func (v visitor) useCredentials(root, token string) {
	v.t.Helper()
	status, answer := ask(v.t, "POST", v.base+"/keys", `{"name":"app","scopes":["users:read"]}`, "Authorization", root)
	key, _ := decoded(v.t, answer)["key"].(string)
	if status != http.StatusCreated || key == "" {
		v.t.Fatalf("no key was made: %d", status)
	}
	v.send("GET", "/users", "", "Bearer "+v.add("a key", key), 200)
	v.send("DELETE", "/users/"+nobodysUser, "", "Bearer "+key, 403)
	v.send("GET", "/users", "", "Bearer "+v.add("a key with a wrong letter", key[:len(key)-1]+"_"), 401)
	v.send("GET", "/users", "", "Bearer "+v.add("a token with a wrong signature", token[len("Bearer "):len(token)-8]+"AAAAAAAA"), 401)
	v.send("GET", "/users", "", "Basic "+v.add("credentials of another kind", "WnEtYmFzaWMtS3Y5dw"), 401)
	v.send("POST", "/graphql", `{"query":"{ __typename }"}`, "Bearer "+v.add("what is no token", "Zq-no-token-Kv9w"), 401)
	for _, credential := range []string{root, "Bearer " + v.add("what is no token for a WebSocket", "Zq-no-socket-Kv9w")} {
		v.openWith(credential)
	}
	v.send("DELETE", "/keys/app", "", root, 204)
	v.send("GET", "/users", "", "Bearer "+key, 401)
}

// openWith opens a WebSocket with a credential and scans what comes back.
func (v visitor) openWith(authorization string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), deadline)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, v.base+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		v.t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"connection_init","payload":{"Authorization":%q}}`, authorization)); err != nil {
		v.t.Fatal(err)
	}
	_, message, err := conn.Read(ctx)
	v.scan(v.t, "a WebSocket", fmt.Sprint(string(message), err))
}

// moveUsers imports users with passwords and hashes, and exports them.
func (v visitor) moveUsers() {
	v.t.Helper()
	p := site{v.t.TempDir()}
	row := func(email, secret string) string {
		return fmt.Sprintf(`{"email":%q,"first_name":"F","last_name":"L",%s}`+"\n", email, secret)
	}
	rows := row("frank@example.com", fmt.Sprintf(`"password":%q`, v.password("an imported password"))) +
		row("grace@example.com", `"password_hash":"$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"`) +
		row("no address", fmt.Sprintf(`"password":%q`, v.password("an imported password beside a mistake"))) +
		row("heidi@example.com", fmt.Sprintf(`"password_hash":%q`, v.password("an imported hash that is none"))) +
		fmt.Sprintf(`{"password":%q`+"\n", v.password("an imported password of half a row"))
	_, stdout, stderr := runHere(v.t, nil, "import", p.db("moved.db"), "--rejects="+p.path("rejects"), p.write(v.t, "users.ndjson", rows))
	v.scan(v.t, "what the import prints", stdout+stderr)
	if !strings.Contains(stdout, "2 created") {
		v.t.Errorf("%s %s", stdout, stderr)
	}
	rejects, err := os.ReadFile(p.path("rejects"))
	if err != nil || len(rejects) == 0 {
		v.t.Errorf("%v, %q", err, rejects)
	}
	v.scan(v.t, "the rejects", string(rejects))
	_, stdout, stderr = runHere(v.t, nil, "export", p.db("moved.db"))
	v.scan(v.t, "the export", stdout+stderr)
	if !strings.Contains(stdout, "frank@example.com") {
		v.t.Errorf("%s %s", stdout, stderr)
	}
}
