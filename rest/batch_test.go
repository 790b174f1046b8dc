package rest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

// member is one of many new users, with more members after a comma.
func member(email, more string) string {
	return `{"email":"` + email + `","first_name":"Ada","last_name":"Byron"` + more + `}`
}

func users(list ...string) string { return `{"users":[` + strings.Join(list, ",") + `]}` }

func usersEach(list ...string) string {
	return strings.Replace(users(list...), "{", `{"policy":"each",`, 1)
}

// outcomes are the results of a batch in words.
func (p *reply) outcomes() string {
	p.t.Helper()
	var got struct {
		Results []struct {
			Status  int       `json:"status"`
			User    *testUser `json:"user"`
			Problem *problem  `json:"problem"`
		} `json:"results"`
	}
	p.is(200).has("Cache-Control", "private, no-cache").into(&got)
	var words []string
	for _, r := range got.Results {
		word := fmt.Sprint(r.Status)
		if r.User != nil {
			word += " " + r.User.Email
		}
		if r.Problem != nil {
			word += " " + string(r.Problem.Code)
			if r.Problem.Status != r.Status || r.Problem.RequestID != p.header.Get("X-Request-Id") {
				p.t.Errorf("the problem is %+v", r.Problem)
			}
			for _, e := range r.Problem.Errors {
				word += " " + string(e.Field)
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

var mixed = []string{
	member("ada@example.com", `,"password":"difference engine"`), member("JOHN.DOE@example.com", ""),
	member("x", `,"password":"short","nickname":"X"`), `7`,
}

func TestCreateUsers(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"all of them":   {users(member("ada@example.com", ""), member("eve@example.com", `,"is_active":false`)), "201 ada@example.com, 201 eve@example.com"},
		"with a policy": {`{"users":[` + member("ada@example.com", "") + `],"policy":"all_or_nothing"}`, "201 ada@example.com"},
		"none":          {users(), ""},
		"each for itself": {
			usersEach(member("ada@example.com", `,"password":"difference engine"`), member("JOHN.DOE@example.com", ""), member("x@example.com", `,"password":"short"`)),
			"201 ada@example.com, 409 EMAIL_TAKEN email, 422 INVALID_INPUT password",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			s.post("/users", john).is(201)
			if got := s.post("/users:batch", c.body).outcomes(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What the contract does not allow of one user is that user's mistake: those
// beside it are created, and each is told its own.
func TestCreateEachUserBesideThoseThatAreNone(t *testing.T) {
	ill := []struct{ user, want string }{
		{`{"email":7,"first_name":"Ada","last_name":"Byron"}`, "422 INVALID_INPUT email"},
		{`{"email":"x@example.com","first_name":["Ada"],"last_name":{}}`, "422 INVALID_INPUT first_name last_name"},
		{member("x@example.com", `,"is_active":"yes"`), "422 INVALID_INPUT is_active"},
		{member("x@example.com", `,"password":null`), "422 INVALID_INPUT password"},
		{member("x@example.com", `,"nickname":"X"`), "422 INVALID_INPUT nickname"},
		{member("x@example.com", `,"Email":"x"`), "422 INVALID_INPUT Email"},
		{member("x@example.com", `,"id":"`+nobody+`","version":3`), "422 INVALID_INPUT id version"},
		{`{"email":null,"first_name":"Ada","last_name":null,"is_active":null}`, "422 INVALID_INPUT email last_name is_active"},
		{`{}`, "422 INVALID_INPUT email first_name last_name"},
		{`null`, "422 INVALID_INPUT "}, {`7`, "422 INVALID_INPUT "}, {`"x@example.com"`, "422 INVALID_INPUT "}, {`[]`, "422 INVALID_INPUT "}, {`true`, "422 INVALID_INPUT "},
	}
	for _, tt := range ill {
		t.Run(tt.user, func(t *testing.T) {
			s := serve(t)
			body := usersEach(member("ada@example.com", ""), tt.user, member("eve@example.com", ""))
			if got, want := s.postAmiss("/users:batch", body).outcomes(), "201 ada@example.com, "+tt.want+", 201 eve@example.com"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if got := len(s.get("/users").users()); got != 2 {
				t.Errorf("%d users are there, want the two that are in order", got)
			}
		})
	}
	t.Run("all of them", func(t *testing.T) {
		s := serve(t)
		users, want := []string{member("ada@example.com", "")}, []string{"201 ada@example.com"}
		for _, tt := range ill {
			users, want = append(users, tt.user), append(want, tt.want)
		}
		if got := s.postAmiss("/users:batch", usersEach(users...)).outcomes(); got != strings.Join(want, ", ") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestCreateAllUsersOrNone(t *testing.T) {
	s := serve(t)
	s.post("/users", john).is(201)
	s.unchanged(func() {
		s.post("/users:batch", users(mixed...)).refuses(422, "users[1].email EMAIL_TAKEN",
			"users[2].nickname UNKNOWN_FIELD", "users[2].email INVALID", "users[2].password TOO_SHORT", "users[3] INVALID")
		s.post("/users:batch", users(strings.Repeat("{},", 99)+"{}")).problem(422, service.CodeInvalidInput)
	})
	if got := len(s.post("/users:batch", users(strings.Repeat("{},", 99)+"{}")).problem(422, service.CodeInvalidInput).Errors); got != maxBatchMistakes {
		t.Errorf("%d mistakes are told", got)
	}
}

func TestBatchesThatAreNone(t *testing.T) {
	s := serve(t)
	s.unchanged(func() {
		for body, want := range map[string]string{
			`{}`:                                    "users REQUIRED",
			`{"users":null}`:                        "users INVALID",
			`{"users":{}}`:                          "users INVALID",
			`{"users":[],"policy":"some"}`:          "policy INVALID",
			`{"users":[],"policy":null}`:            "policy INVALID",
			`{"users":[],"policy":7}`:               "policy INVALID",
			`{"users":[],"Policy":"each"}`:          "Policy UNKNOWN_FIELD",
			users(strings.Repeat("7,", 1000) + "7"): "users TOO_LONG",
		} {
			s.post("/users:batch", body).refuses(422, want)
		}
		for _, body := range []string{``, `[]`, `{"users":[}`, `{"users":[{"email":"a","email":"b"}]}`, `{"users":[]} x`} {
			s.post("/users:batch", body).problem(400, codeMalformedJSON)
		}
		s.send("POST", "/users:batch", users(), header{"Content-Type": "text/plain"}).problem(415, codeUnsupportedMediaType)
	})
}

// brokenImports is a store that takes no users.
type brokenImports struct{ service.Store }

func (brokenImports) ImportUsers(context.Context, []service.ImportRow, service.ImportOptions) ([]service.ImportResult, error) {
	return nil, &service.UnavailableError{}
}

func TestCreateUsersFails(t *testing.T) {
	s := serveStore(t, brokenImports{newStore(t)}, Config{})
	s.post("/users:batch", users(member("ada@example.com", ""))).problem(503, service.CodeUnavailable)
}
