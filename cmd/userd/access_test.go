package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/service"
)

// caller is one of the transports, as somebody who sends a token.
type caller struct {
	base, token string
}

// request sends a request and returns its status, its challenge and the first
// part of its body: streams have no end.
func (c caller) request(t *testing.T, method, path, accept string, body any) (int, string, string) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("WWW-Authenticate"), firstPart(t, resp)
}

// firstPart is a whole body, or of a stream the first event that says anything.
func firstPart(t *testing.T, resp *http.Response) string {
	t.Helper()
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return data
		}
	}
	return ""
}

// rest is what an operation comes to over REST: "" or the error's code.
func (c caller) rest(t *testing.T, o operation) string {
	t.Helper()
	status, challenge, body := c.request(t, o.method, o.path, o.accept, o.body)
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(body), &p) // a list has no code
	if status < 400 {
		return ""
	}
	wantChallenge := map[string]bool{"UNAUTHENTICATED": status == 401, "FORBIDDEN": status == 403}[p.Code]
	if (status == 401 || status == 403) && !wantChallenge || wantChallenge != (challenge != "") || strings.Contains(body, "secret") {
		t.Errorf("%d, challenge %q: %s", status, challenge, body)
	}
	return p.Code
}

// graph is what it comes to over GraphQL.
func (c caller) graph(t *testing.T, o operation) string {
	t.Helper()
	accept := "application/json"
	if strings.HasPrefix(o.query, "subscription") {
		accept = "text/event-stream"
	}
	status, challenge, body := c.request(t, http.MethodPost, "/graphql", accept, values{"query": o.query})
	var a struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if (status == 401) != (challenge != "") {
		t.Errorf("%d, challenge %q: %s", status, challenge, body)
	}
	if len(a.Errors) > 0 {
		return a.Errors[0].Extensions.Code
	}
	for _, field := range a.Data {
		var payload struct{ Errors []struct{ Code string } }
		_ = json.Unmarshal(field, &payload) // a list has no errors
		for _, e := range payload.Errors {
			return e.Code
		}
	}
	return ""
}

// operation is one in the words of both transports.
type operation struct {
	method, path, accept string
	body                 any
	query                string
}

// accessOperations are those that both transports have. log is the cursor at
// which the change log begins, so that streams have something to send.
func accessOperations(ada, bob, log string) map[string]operation {
	const noList = "application/json"
	all := map[string]operation{
		"create": {http.MethodPost, "/users", noList, values{}, `mutation { createUser(input: {email: "", firstName: "", lastName: "", password: ""}) { errors { code } } }`},
		"verify": {http.MethodPost, "/users/verify-password", noList, values{}, `mutation { verifyPassword(input: {email: "", password: ""}) { errors { code } } }`},
		"make-reset": {http.MethodPost, "/password-reset-tokens", noList, values{},
			`mutation { createPasswordResetToken(input: {}) { errors { code } } }`},
		"make-confirmation": {http.MethodPost, "/email-confirmation-tokens", noList, values{},
			`mutation { createEmailConfirmationToken(input: {}) { errors { code } } }`},
		"reset": {http.MethodPost, "/password-resets", noList, values{"token": "", "password": ""},
			`mutation { resetPassword(input: {token: "", password: ""}) { errors { code } } }`},
		"confirm": {http.MethodPost, "/email-confirmations", noList, values{"token": ""}, `mutation { confirmEmail(input: {token: ""}) { errors { code } } }`},
		"create-many": {http.MethodPost, "/users:batch", noList, values{"users": []values{{}}},
			`mutation { createUsers(input: {users: [{email: "", firstName: "", lastName: ""}]}) { errors { code } } }`},
		"sign-out": {http.MethodDelete, "/sessions/current", noList, nil, `mutation { signOut(input: {}) { errors { code } } }`},
		"list":     {http.MethodGet, "/users", noList, nil, `{ users { pageInfo { endCursor } } }`},
		"changes": {http.MethodGet, "/changes", noList, nil,
			`{ changes { pageInfo { endCursor } } }`},
		"sign-in": {http.MethodPost, "/sessions", noList, values{"email": "a", "password": "b", "label": nil},
			`mutation { signIn(input: {email: "a", password: "b", label: null}) { errors { code } } }`},
		"follow": {http.MethodGet, "/changes?after=" + log, "text/event-stream", nil, `subscription { userChanges(after: "` + log + `") { kind } }`},
	}
	for name, id := range map[string]string{"ada": ada, "bob": bob} {
		user := "/users/" + id
		update := func(fields string) string {
			return `mutation { updateUser(input: {id: "` + id + `", ` + fields + `}) { errors { code } } }`
		}
		all["read "+name] = operation{http.MethodGet, user, noList, nil, `{ user(id: "` + id + `") { id } }`}
		all["rename "+name] = operation{http.MethodPatch, user, noList, values{"first_name": "Augusta"}, update(`firstName: "Augusta"`)}
		all["activate "+name] = operation{http.MethodPatch, user, noList, values{"is_active": true}, update(`isActive: true`)}
		all["email "+name] = operation{http.MethodPut, user + "/email", noList, values{"email": ""},
			`mutation { updateUserEmail(input: {id: "` + id + `", email: ""}) { errors { code } } }`}
		all["password "+name] = operation{http.MethodPut, user + "/password", noList, values{"password": ""},
			`mutation { setUserPassword(input: {id: "` + id + `", password: ""}) { errors { code } } }`}
		all["sessions "+name] = operation{http.MethodGet, user + "/sessions", noList, nil, `{ sessions(userId: "` + id + `") { id } }`}
		all["end-one "+name] = operation{http.MethodDelete, user + "/sessions/" + id, noList, nil,
			`mutation { endSession(input: {userId: "` + id + `", sessionId: "` + id + `"}) { errors { code } } }`}
		all["end-all "+name] = operation{http.MethodDelete, user + "/sessions", noList, nil, `mutation { endSessions(input: {userId: "` + id + `"}) { errors { code } } }`}
		all["history "+name] = operation{http.MethodGet, "/changes?user_id=" + id, noList, nil, `{ changes(userId: "` + id + `") { nodes { kind } } }`}
	}
	return all
}

// verdicts are what operations are expected to come to, for a row of the matrix.
func verdicts(done, forbidden string, rest service.Code) func(operation string) string {
	return func(operation string) string {
		matches := func(list string) bool {
			verb, _, _ := strings.Cut(operation, " ")
			list = "," + list
			return strings.Contains(list, ","+operation+",") || strings.Contains(list, ","+verb+" *,")
		}
		switch {
		case operation == "sign-out": // of which nobody here has a session
			return string(service.CodeUnauthenticated)
		case matches(done):
			return ""
		case matches(forbidden):
			return string(service.CodeForbidden)
		}
		return string(rest)
	}
}

// TestBothTransportsAskTheSameRule is the matrix of actors and operations over
// REST, GraphQL and their streams; the whole rule is in a test of the service.
// Operations that change something are given what is wrong, so that what is
// done is INVALID_INPUT where they are allowed.
func TestBothTransportsAskTheSameRule(t *testing.T) {
	const reading, writing = "list,read *,sessions *,", "create,create-many,rename *,activate *,email *,password *,end-one *,end-all *,"
	const changes, verifying = "changes,follow,history *,", "verify,sign-in,make-reset,make-confirmation,reset,confirm,"
	svc, base, ada, bob := closedServer(t)
	log, err := svc.Changes(asOperator(t), service.ChangesInput{First: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		token string
		want  func(string) string
	}{
		{"", verdicts("", "", service.CodeUnauthenticated)},
		{"secret", verdicts("", "", service.CodeUnauthenticated)},
		{"admin", verdicts(reading+writing+changes+verifying, "", "")},
		{"users.read", verdicts(reading, writing+changes+verifying, "")},
		{"users.write", verdicts(writing, reading+changes+verifying, "")},
		{"changes.read", verdicts(changes, "create,create-many,list,"+verifying, service.CodeUserNotFound)},
		{"users.verify", verdicts(verifying, "create,create-many,list,"+changes, service.CodeUserNotFound)},
		{"ada", verdicts("read ada,rename ada,email ada,password ada,sessions ada,end-one ada,end-all ada,", "activate ada,create,create-many,list,"+changes+verifying, service.CodeUserNotFound)},
	} {
		t.Run("as "+tt.token, func(t *testing.T) {
			c := caller{base: base, token: tt.token}
			want, got := map[string]string{}, map[string]string{}
			for name, o := range accessOperations(ada, bob, log.Items[0].Cursor) {
				want[name], want[name+", GraphQL"] = tt.want(name), tt.want(name)
				got[name], got[name+", GraphQL"] = allowed(c.rest(t, o)), allowed(c.graph(t, o))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// allowed takes what was allowed but wrong, or about nothing, for done.
func allowed(code string) string {
	switch service.FieldCode(code) {
	case service.FieldCode(service.CodeInvalidInput), service.FieldCode(service.CodeSessionNotFound), service.FieldRequired, service.FieldTooShort:
		return ""
	}
	return code
}

func asOperator(t *testing.T) context.Context {
	return service.WithActor(t.Context(), service.OperatorActor("test"))
}

// closedServer serves a service that takes the names of scopes, with a dot for
// the colon, for keys, and "ada" for ada's token. It has the users ada and bob.
func closedServer(t *testing.T) (svc *service.Service, base, ada, bob string) {
	t.Helper()
	known := func(_ context.Context, token string) (service.Actor, error) {
		if scopes := service.KnownScopes([]string{strings.ReplaceAll(token, ".", ":")}); scopes != nil {
			return service.KeyActor(token, scopes), nil
		}
		if token == "ada" {
			return service.TokenActor(ada, nil), nil
		}
		return service.Actor{}, &service.UnauthenticatedError{Invalid: true}
	}
	svc = service.New(teststore.Open(t, 0), service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1},
		Authenticators: []service.Authenticator{known}})
	for i, id := range []*string{&ada, &bob} {
		u, err := svc.CreateUser(asOperator(t), service.UserInput{Email: service.Some(fmt.Sprint(i, "@example.com")), FirstName: service.Some("A"),
			LastName: service.Some("B"), Password: service.Some("notes on the engine")})
		if err != nil {
			t.Fatal(err)
		}
		*id = u.ID.String()
	}
	return svc, serveHandler(t, svc, 1<<16), ada, bob
}

func TestAllowedOriginsAreThoseThatBrowsersSend(t *testing.T) {
	for _, origin := range []string{"https://app.example.com", "http://localhost:3000", "http://127.0.0.1", "https://[2001:db8::1]:8443",
		"http://app.example.com:443", "https://app.example.com:80", "https://xn--bcher-kva.example", "https://my_app.example.com",
		"capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://obsidian.md", "app://.", "vscode-webview://0k3v", "chrome-extension://mpognobbkildjkofajifpdfhcoklimli"} {
		if err := (&accessSettings{AllowedOrigins: []string{origin}}).check(); err != nil {
			t.Errorf("%s: %v", origin, err)
		}
	}
	for _, origin := range []string{"", "*", "null", "app.example.com", "https://", "https://*.example.com", "https://App.example.com", "HTTPS://app.example.com",
		"https://bücher.example", "https://app.example.com:", "https://app.example.com:443", "http://app.example.com:80", "https://app.example.com:0443",
		"https://app.example.com:70000", "https://app.example.com/", "https://app.example.com?x", "https://user@app.example.com", "ftp://app.example.com", "file://", "Tauri://localhost",
		"//app.example.com", " https://app.example.com", "https://app.example.com\n", "https://[2001:DB8::1]", "https://2001:db8::1"} {
		if err := (&accessSettings{AllowedOrigins: []string{"https://app.example.com", origin}}).check(); err == nil || !strings.Contains(err.Error(), "--allowed-origins") {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

// Health and documentation are for everybody.
func TestAClosedServiceKeepsItsPagesOpen(t *testing.T) {
	_, base, _, _ := closedServer(t)
	for _, path := range []string{"/", "/docs", "/redoc", "/playground", "/openapi.json", "/openapi.yaml", "/health", "/livez", "/readyz"} {
		get(t, base+path)
	}
	for _, path := range []string{"/users", "/users/", "/users/x", "/users?nonsense=1", "/changes", "/graphql?query={__typename}"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if status, _, _ := (caller{base: base}).request(t, method, path, "*/*", nil); status != http.StatusUnauthorized {
				t.Errorf("%s %s: status %d", method, path, status)
			}
		}
	}
}

// decoded is a JSON object.
func decoded(t *testing.T, body string) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

// decodedList is a JSON array.
func decodedList(t *testing.T, body string) (v []any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}
