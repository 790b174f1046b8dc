package rest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

const verify = "/users/verify-password"

func TestVerifyPassword(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	p := s.post(verify, `{"email":"John.Doe@EXAMPLE.com","password":"SecurePass123","client":"203.0.113.7"}`).is(200)
	if diff := cmp.Diff(u, p.user()); diff != "" {
		t.Errorf("-created +verified:\n%s", diff)
	}
	p.has("ETag", `"1"`)
	refused := s.post(verify, `{"email":"john.doe@example.com","password":"SecurePass124"}`)
	if got := refused.problem(422, service.CodeInvalidCredentials); got.Errors != nil {
		t.Errorf("%+v: it names fields", got)
	}
	refused.has("WWW-Authenticate", "") // the caller's own credentials are good
}

func TestVerifyPasswordIsReadStrictly(t *testing.T) {
	s := serve(t)
	for body, want := range map[string][]string{
		`{}`:                            {"email REQUIRED", "password REQUIRED"},
		`{"email":null,"client":null}`:  {"email REQUIRED", "password REQUIRED", "client REQUIRED"},
		`{"email":1,"password":["x"]}`:  {"email INVALID", "password INVALID"},
		`{"email":"a@x.org","pass":""}`: {"pass UNKNOWN_FIELD", "password REQUIRED"},
		`{"Email":"a@x.org","password":"x","first_name":"A"}`: {"Email UNKNOWN_FIELD", "first_name UNKNOWN_FIELD", "email REQUIRED"},
	} {
		s.sub(body, func(s *server) { s.post(verify, body).refuses(422, want...) })
	}
	s.post(verify, `{"email":"a@x.org"`).problem(400, codeMalformedJSON)
	s.send("POST", verify, `email=a@x.org`, header{"Content-Type": "application/x-www-form-urlencoded"}).problem(415, codeUnsupportedMediaType)
}

func TestWaitsHaveRetryAfter(t *testing.T) {
	s := serve(t)
	guess := `{"email":"nobody@example.com","password":"guess"}`
	for range 6 {
		s.post(verify, guess).problem(422, service.CodeInvalidCredentials)
	}
	p := s.post(verify, guess).has("Retry-After", "1")
	if got := p.problem(429, service.CodeRateLimited); got.Detail != "Too many attempts have failed; try again later." {
		t.Error(got)
	}
}

// With other methods the path is that of a user with an id that is none.
func TestVerifyPasswordIsNoUser(t *testing.T) {
	s := serve(t)
	s.send("OPTIONS", verify, "", nil).is(204).has("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
	s.get(verify).refuses(400, "id INVALID")
	s.delete(verify).refuses(400, "id INVALID")
}
