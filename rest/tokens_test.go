package rest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// testToken is a one-time token as an answer has it.
type testToken struct {
	Token     string   `json:"token"`
	ExpiresAt string   `json:"expires_at"`
	User      testUser `json:"user"`
}

// token makes a token at path for whom the body names.
func (s *server) token(path, body string) (token testToken) {
	s.t.Helper()
	s.post(path, body).is(201).has("Cache-Control", "no-store").into(&token)
	return token
}

const (
	resetTokens        = "/password-reset-tokens"
	confirmationTokens = "/email-confirmation-tokens"
	byEmail            = `{"email":" JOHN.DOE@Example.com"}`
)

func resetBody(token string) string {
	return `{"token":"` + token + `","password":"another secret"}`
}

func confirmationBody(token string) string { return `{"token":"` + token + `"}` }

func TestPasswordReset(t *testing.T) {
	store := newStore(t)
	s := serveStore(t, store, Config{})
	u := s.create(john)
	token := s.token(resetTokens, byEmail)
	if !strings.HasPrefix(token.Token, "userd_reset_") || token.ExpiresAt <= u.CreatedAt || cmp.Diff(u, token.User) != "" {
		t.Errorf("the token is %+v", token)
	}
	other := s.token(resetTokens, `{"user_id":"`+u.ID+`"}`)
	s.unchanged(func() {
		s.post("/password-resets", `{"token":"`+token.Token+`","password":"john doe"}`).refuses(422, "password PASSWORD_IS_PERSONAL")
	})
	got := s.post("/password-resets", resetBody(token.Token)).is(200).has("ETag", `"2"`).user()
	if got.ID != u.ID || got.Version != 2 || got.EmailVerifiedAt == nil || *got.EmailVerifiedAt != got.UpdatedAt {
		t.Errorf("the user is %+v", got)
	}
	if _, err := newService(store).VerifyPassword(t.Context(), service.Credentials{Email: service.Some(u.Email), Password: service.Some("another secret")}); err != nil {
		t.Errorf("the password: %v", err)
	}
	log := lines(s.get("/changes").changes())
	if want := "password_changed email_verified_at=->" + got.UpdatedAt + " password=->-"; len(log) != 2 || log[1] != want {
		t.Errorf("the log says %q", log)
	}
	s.post("/password-resets", resetBody(other.Token)).problem(422, service.CodeTokenInvalid)
	if strings.Contains(s.log.String(), "userd_reset_") {
		t.Error("the log has tokens")
	}
}

func TestEmailConfirmation(t *testing.T) {
	s := serve(t)
	u := s.create(strings.Replace(john, "true", "false", 1)) // let in once the address is confirmed
	token := s.token(confirmationTokens, byEmail)
	if !strings.HasPrefix(token.Token, "userd_confirm_") || token.ExpiresAt <= u.CreatedAt || cmp.Diff(u, token.User) != "" {
		t.Errorf("the token is %+v", token)
	}
	got := s.post("/email-confirmations", confirmationBody(token.Token)).is(200).has("ETag", `"2"`).user()
	if got.ID != u.ID || got.EmailVerifiedAt == nil || *got.EmailVerifiedAt != got.UpdatedAt {
		t.Errorf("the user is %+v", got)
	}
	log := lines(s.get("/changes").changes())
	if want := "email_verified email_verified_at=->" + got.UpdatedAt; len(log) != 2 || log[1] != want {
		t.Errorf("the log says %q", log)
	}
}

// Whatever is wrong with a token, the answer is the same to the byte.
func TestInvalidTokensAreAnsweredAlike(t *testing.T) {
	s := serve(t)
	s.create(john)
	used, reset := s.token(confirmationTokens, byEmail), s.token(resetTokens, byEmail)
	s.post("/email-confirmations", confirmationBody(used.Token)).is(200)
	same := header{"X-Request-Id": "same"}
	s.unchanged(func() {
		want := s.send("POST", "/email-confirmations", confirmationBody("made-up"), same)
		if detail := want.problem(422, service.CodeTokenInvalid).Detail; strings.Contains(detail, "made-up") {
			t.Errorf("%q echoes the token", detail)
		}
		for what, body := range map[string]string{"used": confirmationBody(used.Token), "of another kind": confirmationBody(reset.Token)} {
			got := s.send("POST", "/email-confirmations", body, same)
			if got.body != want.body || got.status != want.status || len(got.header) != len(want.header) {
				t.Errorf("%s: %d %v %s", what, got.status, got.header, got.body)
			}
		}
		if got := s.send("POST", "/password-resets", resetBody(used.Token), same); got.body != want.body {
			t.Errorf("a reset: %s", got.body)
		}
	})
}

func TestNobodyToMakeATokenFor(t *testing.T) {
	s := serve(t)
	s.create(strings.Replace(john, "true", "false", 1))
	for body, want := range map[string]string{
		`{"user_id":"` + nobody + `"}`: "No user who can be given such a token has this id.",
		byEmail:                        "No user who can be given such a token has this e-mail address.",
		`{"email":"x@example.com"}`:    "No user who can be given such a token has this e-mail address.",
	} {
		if got := s.post(resetTokens, body).problem(404, service.CodeUserNotFound).Detail; got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

func TestWrongBodiesForTokens(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	both := `"user_id":"` + u.ID + `","email":"john.doe@example.com"`
	s.unchanged(func() {
		for _, path := range []string{resetTokens, confirmationTokens} {
			s.post(path, `{}`).refuses(422, "user_id REQUIRED")
			s.post(path, `{`+both+`}`).refuses(422, "email INVALID")
			s.post(path, `{`+both+`,"id":1}`).refuses(422, "id UNKNOWN_FIELD", "email INVALID")
			s.post(path, `{"user_id":1,"email":"x"}`).refuses(422, "user_id INVALID", "email INVALID")
			s.post(path, `{"user_id":null}`).refuses(422, "user_id REQUIRED")
		}
		s.post("/password-resets", `{"token":1,"password":"short"}`).refuses(422, "token INVALID", "password TOO_SHORT")
		s.post("/password-resets", `{"token":"","email":"x"}`).refuses(422, "email UNKNOWN_FIELD", "token REQUIRED", "password REQUIRED")
		s.post("/email-confirmations", `{"token":null,"password":"x"}`).refuses(422, "password UNKNOWN_FIELD", "token REQUIRED")
	})
}

// Without the scope nobody makes or redeems a token.
func TestTokensNeedAScope(t *testing.T) {
	s := serve(t)
	s.create(john)
	root := s.key(nil, "root", "admin")
	reader, verifier := s.key(root, "reader", "users:read", "users:write"), s.key(root, "verifier", "users:verify")
	for path, body := range map[string]string{
		resetTokens: byEmail, confirmationTokens: byEmail,
		"/password-resets": resetBody("x"), "/email-confirmations": confirmationBody("x"),
	} {
		s.post(path, body).problem(401, service.CodeUnauthenticated)
		if got := s.send("POST", path, body, reader).problem(403, service.CodeForbidden).Detail; !strings.HasSuffix(got, "users:verify.") {
			t.Errorf("%s: %q", path, got)
		}
	}
	var token testToken
	s.send("POST", resetTokens, byEmail, verifier).is(201).into(&token)
	s.send("POST", "/password-resets", resetBody(token.Token), verifier).is(200)
}
