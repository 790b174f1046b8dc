package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/service"
)

// loginServer serves what the program serves by these settings to everybody, as
// if it were always the same time: so waits do not end. It has the active user ada
// and the inactive user gone, at example.com.
func loginServer(t *testing.T, args ...string) (svc *service.Service, base string) {
	t.Helper()
	now := time.Now()
	svc = service.New(teststore.Open(t, 0), service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}, Now: func() time.Time { return now }})
	for _, name := range []string{"ada", "gone"} {
		in := service.UserInput{Email: service.Some(name + "@example.com"), FirstName: service.Some("Ada"), LastName: service.Some("Lovelace"),
			Password: service.Some("notes on the engine"), IsActive: service.Some(name == "ada")}
		if _, err := svc.CreateUser(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	settings := serveSettings(t, args...)
	server := httptest.NewServer(settings.newHandler(svc, handlerConfig{log: slog.New(slog.DiscardHandler), drain: t.Context(),
		telemetry: telemetry.New("test", noop.NewTracerProvider())}))
	t.Cleanup(server.Close)
	return svc, server.URL
}

func (a restAPI) verify(t *testing.T, in values) outcome {
	return a.outcome(send(t, http.MethodPost, a.base+"/users/verify-password", in))
}

func (a graphAPI) verify(t *testing.T, in values) outcome {
	o := a.mutate(t, "verifyPassword", "VerifyPasswordInput", in)
	if o.Code == string(service.CodeInvalidCredentials) {
		o.Fields = nil // which has no field to name
	}
	return o
}

func TestBothTransportsVerifyPasswords(t *testing.T) {
	good := values{"email": "ada@example.com", "password": "notes on the engine"}
	ada, refused := one(1, "ada@example.com", "Ada", "Lovelace", true), outcome{Code: "INVALID_CREDENTIALS"}
	for _, tt := range []struct {
		name string
		in   values
		want outcome
	}{
		{"right", good, ada},
		{"from a client", good.with("client", "203.0.113.7"), ada},
		{"another spelling of the address", good.with("email", " ADA@example.com "), ada},
		{"wrong password", good.with("password", "notes on the engine "), refused},
		{"nobody's address", good.with("email", "eve@example.com"), refused},
		{"no address", good.with("email", "ada"), refused},
		{"inactive user", good.with("email", "gone@example.com"), refused},
		{"blank address", good.with("email", " "), refusal(service.FieldEmail, service.FieldRequired)},
		{"no password", good.with("password", ""), refusal(service.FieldPassword, service.FieldRequired)},
		{"null client", good.with("client", nil), refusal(service.FieldClient, service.FieldRequired)},
		{"blank client", good.with("client", ""), refusal(service.FieldClient, service.FieldRequired)},
		{"long client", good.with("client", strings.Repeat("x", 201)), refusal(service.FieldClient, service.FieldTooLong)},
		{"all wrong at once", values{"email": "", "password": "", "client": ""},
			outcome{Code: "INVALID_INPUT", Fields: []string{"client REQUIRED", "email REQUIRED", "password REQUIRED"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, base := loginServer(t)
			check(t, restAPI{base}.verify(t, tt.in), tt.want)
			check(t, graphAPI{base}.verify(t, tt.in), tt.want)
		})
	}
}

// What cannot be told from the answer nobody is told: neither who is a user, nor
// who is let in. Each answer costs one hash, and none while there is a wait.
func TestRefusedPasswordsAreAnsweredByTheSameBytes(t *testing.T) {
	svc, base := loginServer(t)
	wrong := []string{"ada@example.com", "gone@example.com", "eve@example.com", "eve"}
	for transport, request := range map[string]struct{ path, body string }{
		"REST":    {"/users/verify-password", `{"email":%q,"password":"guess","client":"%[2]s"}`},
		"GraphQL": {"/graphql", `{"query":"mutation ($e: EmailAddress!) { verifyPassword(input: {email: $e, password: \"guess\", client: \"%[2]s\"}) { user { id } errors { code field message } } }","variables":{"e":%[1]q}}`},
	} {
		t.Run(transport, func(t *testing.T) {
			for try := range 12 {
				var first string
				for i, email := range wrong {
					hashed := svc.Hashing().Entered
					got := wholeAnswer(t, base+request.path, fmt.Sprintf(request.body, email, fmt.Sprint(transport, i)))
					if hashed = svc.Hashing().Entered - hashed; hashed > 1 || (hashed == 1) != strings.Contains(got, "INVALID_CREDENTIALS") ||
						(hashed == 0) != strings.Contains(got, "RATE_LIMITED") {
						t.Errorf("%d hashes for %s", hashed, got)
					}
					if i == 0 {
						first = got
					}
					if got != first {
						t.Errorf("%d. %s:\n%s\nbut %s:\n%s", try, wrong[0], first, email, got)
					}
				}
			}
		})
		if err := clearAttempts(t, svc, wrong[:2]); err != nil {
			t.Fatal(err)
		}
		wrong[2], wrong[3] = "new"+wrong[2], "new"+wrong[3]
	}
}

// clearAttempts sets passwords, which clears what was counted for these users.
func clearAttempts(t *testing.T, svc *service.Service, emails []string) error {
	for _, email := range emails {
		u, err := svc.UserByEmail(t.Context(), email)
		if err == nil {
			_, err = svc.SetUserPassword(t.Context(), u.ID, service.Some("notes on the engine"), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wholeAnswer is an answer but for its time.
func wholeAnswer(t *testing.T, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Request-Id", "same")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Header.Del("Date")
	var head strings.Builder
	if err := resp.Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	return resp.Status + "\n" + head.String() + "\n" + string(answer)
}

// guesses is one request with n attempts at an account, by other names each,
// and in turns by what takes a password.
func guesses(n int, email string) string {
	var b strings.Builder
	for i := range n {
		field := []string{"verifyPassword", "signIn"}[i%2]
		fmt.Fprintf(&b, ` a%d: %s(input: {email: \"%s\", password: \"guess %d\"}) { errors { code } }`, i, field, email, i)
	}
	return `{"query": "mutation {` + b.String() + ` }"}`
}

// A hundred aliases are a hundred attempts, of which six are looked at; then
// nobody is told more by the other transport.
func TestAHundredGuessesInOneRequest(t *testing.T) {
	svc, base := loginServer(t)
	if _, _, codes := answered(t, "POST", base+"/graphql", guesses(100, "ada@example.com")); !slices.Equal(codes, []string{"LIMIT_EXCEEDED"}) || svc.Attempts() != (service.AttemptCounts{}) {
		t.Errorf("by default: %v, %+v", codes, svc.Attempts())
	}

	svc, base = loginServer(t, "--graphql-max-root-fields=100", "--graphql-max-aliases=100", "--graphql-max-same-key=100", "--graphql-max-tokens=5000")
	_, _, codes := answered(t, "POST", base+"/graphql", guesses(100, "ada@example.com"))
	if len(codes) != 100 || svc.Attempts() != (service.AttemptCounts{Invalid: 6, Waiting: 94}) {
		t.Errorf("%d codes, %+v", len(codes), svc.Attempts())
	}
	for _, password := range []string{"guess", "notes on the engine"} {
		body := fmt.Sprintf(`{"email": "ADA@example.com", "password": %q}`, password)
		if status, retry, codes := answered(t, "POST", base+"/users/verify-password", body); status != 429 || retry != "1" || !slices.Equal(codes, []string{"RATE_LIMITED"}) {
			t.Errorf("REST: %d, retry after %q, %v", status, retry, codes)
		}
	}
	for _, path := range []string{"/sessions", "/users/verify-password"} {
		if status, _, codes := answered(t, "POST", base+path, `{"email": "ada@example.com", "password": "notes on the engine"}`); status != 429 || !slices.Equal(codes, []string{"RATE_LIMITED"}) {
			t.Errorf("%s: %d, %v", path, status, codes)
		}
	}
	if _, answer := ask(t, "POST", base+"/graphql", guesses(1, "ada@example.com")); !strings.Contains(answer, `"code":"RATE_LIMITED"`) || !strings.Contains(answer, `"retryAfter":1`) {
		t.Errorf("GraphQL: %s", answer)
	}
}
