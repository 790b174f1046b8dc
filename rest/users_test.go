package rest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)
)

func TestCreateUser(t *testing.T) {
	s := serve(t)
	p := s.post("/users", john).is(201)
	u := p.user()
	want := testUser{ID: u.ID, Email: "john.doe@example.com", FirstName: "John", LastName: "Doe", IsActive: true,
		Version: 1, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !uuidForm.MatchString(u.ID) || !timeForm.MatchString(u.CreatedAt) {
		t.Errorf("id %s, created_at %s", u.ID, u.CreatedAt)
	}
	p.has("Location", "/users/"+u.ID).has("ETag", `"1"`).has("Cache-Control", "private, no-cache").
		has("X-Content-Type-Options", "nosniff")
	if !strings.HasSuffix(p.body, "}\n") {
		t.Error("the body does not end its line")
	}
	if got := s.get(p.header.Get("Location")).is(200); got.body != p.body {
		t.Errorf("what Location leads to is %s, created was %s", got.body, p.body)
	}
}

func TestCreateUserIsActive(t *testing.T) {
	s := serve(t)
	for isActive, want := range map[string]bool{"": true, `,"is_active":true`: true, `,"is_active":false`: false} {
		body := strings.TrimSuffix(newUser(fmt.Sprintf("u%d@example.com", len(isActive)), "A", "B"), "}") + isActive + "}"
		if u := s.create(body); u.IsActive != want {
			t.Errorf("%s: is_active %v, want %v", body, u.IsActive, want)
		}
	}
}

func TestCreateUserTrimsAndKeepsSpelling(t *testing.T) {
	u := serve(t).create(newUser("  Ada.L@Example.COM ", " Ada\\t", " van der Berg "))
	if u.Email != "Ada.L@Example.COM" || u.FirstName != "Ada" || u.LastName != "van der Berg" {
		t.Errorf("got %+v", u)
	}
}

func TestUnicode(t *testing.T) {
	s := serve(t)
	u := s.create(newUser("用户@例え.jp", "Zoë 🦊", `\u05d3\u05d5\u05d3 \"D\" \\`))
	want := testUser{ID: u.ID, Email: "用户@例え.jp", FirstName: "Zoë 🦊", LastName: "דוד \"D\" \\", IsActive: true,
		Version: 1, CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt}
	if diff := cmp.Diff(want, s.get("/users/"+u.ID).user()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if list := s.get("/users?q=zo%C3%AB").users(); len(list) != 1 || list[0] != want {
		t.Errorf("found %+v", list)
	}
	if list := s.get("/users?email=" + "%E7%94%A8%E6%88%B7@%E4%BE%8B%E3%81%88.jp").users(); len(list) != 1 {
		t.Errorf("found %+v", list)
	}
}

// The password's characters count, not their bytes, and no password or hash
// is ever returned.
func TestPasswords(t *testing.T) {
	s := serve(t)
	long := strings.Replace(john, "SecurePass123", strings.Repeat("ü", 128), 1)
	p := s.post("/users", long).is(201)
	u := p.user()
	replies := []*reply{p, s.get("/users/" + u.ID), s.get("/users"), s.put("/users/"+u.ID+"/password", `{"password":"ünïcödé passphrase"}`),
		s.patch("/users/"+u.ID, `{"password":"SecurePass1234"}`), s.post("/users", long)}
	for _, p := range replies {
		if passwordRelated.MatchString(p.body) || strings.Contains(p.body, "üü") {
			t.Errorf("%s answers %s", p.what, p.body)
		}
	}
	if passwordRelated.MatchString(s.log.String()) {
		t.Errorf("the log has %s", s.log)
	}
}

func TestGetUser(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	p := s.get("/users/"+u.ID).is(200).has("ETag", `"1"`).has("Cache-Control", "private, no-cache")
	if got := p.user(); got != u {
		t.Errorf("got %+v, want %+v", got, u)
	}
	s.get("/users/"+nobody).problem(404, service.CodeUserNotFound)
}

func TestUpdateUserEmail(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	p := s.put("/users/"+u.ID+"/email", `{"email": "newemail@example.com"}`).is(200).has("ETag", `"2"`)
	got := p.user()
	u.Email, u.Version, u.UpdatedAt = "newemail@example.com", 2, got.UpdatedAt
	if diff := cmp.Diff(u, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.unchanged(func() {
		s.put("/users/"+nobody+"/email", `{"email":"a@example.com"}`).problem(404, service.CodeUserNotFound)
		s.put("/users/"+u.ID+"/email", `{}`).refuses(422, "email REQUIRED")
		s.put("/users/"+u.ID+"/email", `{"email":null}`).refuses(422, "email REQUIRED")
		s.put("/users/"+u.ID+"/email", `{"email":"no address"}`).refuses(422, "email FORBIDDEN_CHARACTER")
		s.put("/users/"+u.ID+"/email", `{"email":"a@example.com","first_name":"x"}`).refuses(422, "first_name UNKNOWN_FIELD")
	})
	s.create(john) // the old address is free again
}

func TestSetUserPassword(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	p := s.put("/users/"+u.ID+"/password", `{"password":"another secret"}`).is(204).has("ETag", `"2"`)
	if p.body != "" {
		t.Errorf("204 with the body %q", p.body)
	}
	s.unchanged(func() {
		path := "/users/" + u.ID + "/password"
		s.put("/users/"+nobody+"/password", `{"password":"another secret"}`).problem(404, service.CodeUserNotFound)
		s.put(path, `{}`).refuses(422, "password REQUIRED")
		s.put(path, `{"password":null}`).refuses(422, "password REQUIRED")
		s.put(path, `{"password":"short"}`).refuses(422, "password TOO_SHORT")
		s.put(path, `{"password":"`+strings.Repeat("x", 129)+`"}`).refuses(422, "password TOO_LONG")
		s.put(path, `{"password":"with\u0000inside"}`).refuses(422, "password FORBIDDEN_CHARACTER")
		s.put(path, `{"password":"John.Doe@example.com"}`).refuses(422, "password PASSWORD_IS_PERSONAL")
		s.put(path, `{"password":"another secret","email":"a@example.com"}`).refuses(422, "email UNKNOWN_FIELD")
	})
}

func TestReplaceUser(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	p := s.put("/users/"+u.ID, `{"email":"jane@example.com","first_name":"Jane","last_name":"Roe","is_active":false}`)
	got := p.is(200).has("ETag", `"2"`).user()
	want := testUser{ID: u.ID, Email: "jane@example.com", FirstName: "Jane", LastName: "Roe", Version: 2,
		CreatedAt: u.CreatedAt, UpdatedAt: got.UpdatedAt}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.put("/users/"+u.ID, john).is(200).has("ETag", `"3"`) // with a password
	s.unchanged(func() {
		s.put("/users/"+nobody, john).problem(404, service.CodeUserNotFound)
		s.put("/users/"+u.ID, `{}`).refuses(422, "email REQUIRED", "first_name REQUIRED", "last_name REQUIRED", "is_active REQUIRED")
		s.put("/users/"+u.ID, strings.Replace(john, "true", "null", 1)).refuses(422, "is_active REQUIRED")
		// A user as it was read has fields that cannot be set.
		problem := s.put("/users/"+u.ID, s.get("/users/"+u.ID).body).refuses(422,
			"id UNKNOWN_FIELD", "email_verified_at UNKNOWN_FIELD", "version UNKNOWN_FIELD", "created_at UNKNOWN_FIELD", "updated_at UNKNOWN_FIELD")
		for _, e := range problem.Errors {
			if e.Message != "This field cannot be set." {
				t.Errorf("message %q", e.Message)
			}
		}
	})
}

func TestUpdateUser(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	path := "/users/" + u.ID
	for _, c := range []struct {
		body string
		set  func(*testUser)
	}{
		{`{"email":"jane@example.com"}`, func(u *testUser) { u.Email = "jane@example.com" }},
		{`{"first_name":"Jane"}`, func(u *testUser) { u.FirstName = "Jane" }},
		{`{"last_name":"Roe"}`, func(u *testUser) { u.LastName = "Roe" }},
		{`{"is_active":false}`, func(u *testUser) { u.IsActive = false }},
		{`{"password":"another secret"}`, func(*testUser) {}},
		{`{"first_name":"Jim","is_active":true}`, func(u *testUser) { u.FirstName, u.IsActive = "Jim", true }},
	} {
		c.set(&u)
		u.Version++
		got := s.send("PATCH", path, c.body, header{"Content-Type": "application/merge-patch+json"}).is(200).
			has("ETag", fmt.Sprintf(`"%d"`, u.Version)).user()
		u.UpdatedAt = got.UpdatedAt
		if diff := cmp.Diff(u, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.body, diff)
		}
	}
	s.unchanged(func() {
		s.patch(path, `{}`).is(200).has("ETag", `"7"`)
		s.patch(path, `{"first_name":"Jim"}`).is(200).has("ETag", `"7"`)
		s.patch("/users/"+nobody, `{"first_name":"Jim"}`).problem(404, service.CodeUserNotFound)
		s.patch(path, `{"email":null,"first_name":null,"last_name":null,"password":null,"is_active":null}`).refuses(422,
			"email REQUIRED", "first_name REQUIRED", "last_name REQUIRED", "password REQUIRED", "is_active REQUIRED")
	})
}

func TestDeleteUser(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	s.unchanged(func() { s.delete("/users/"+nobody).problem(404, service.CodeUserNotFound) })
	if p := s.delete("/users/" + u.ID).is(204); p.body != "" {
		t.Errorf("204 with the body %q", p.body)
	}
	s.delete("/users/"+u.ID).problem(404, service.CodeUserNotFound)
	s.get("/users/"+u.ID).problem(404, service.CodeUserNotFound)
	s.create(john) // the address is free again
}

func TestEmailTaken(t *testing.T) {
	s := serve(t)
	u, other := s.create(john), s.create(newUser("jane@example.com", "Jane", "Roe"))
	taken := strings.Replace(john, "john.doe@example.com", "JANE@Example.com", 1)
	s.unchanged(func() {
		for _, p := range []*reply{
			s.post("/users", taken),
			s.put("/users/"+u.ID, taken),
			s.patch("/users/"+u.ID, `{"email":"JANE@Example.com"}`),
			s.put("/users/"+u.ID+"/email", `{"email":"JANE@Example.com"}`),
		} {
			got := p.problem(409, service.CodeEmailTaken)
			want := []fieldProblem{{"email", "EMAIL_TAKEN", "Another user has this e-mail address."}}
			if diff := cmp.Diff(want, got.Errors); diff != "" {
				t.Errorf("%s: -want +got:\n%s", p.what, diff)
			}
		}
	})
	s.put("/users/"+other.ID+"/email", `{"email":"JANE@example.com"}`).is(200) // one's own, spelled otherwise
}

func TestConcurrentCreatesWithOneEmail(t *testing.T) {
	s := serve(t)
	statuses := make([]int, 24)
	var wg sync.WaitGroup
	for i := range statuses {
		email := "john.doe@example.com"
		if i%2 == 0 {
			email = "John.Doe@EXAMPLE.com"
		}
		wg.Go(func() { statuses[i] = s.post("/users", newUser(email, "John", "Doe")).status })
	}
	wg.Wait()
	slices.Sort(statuses)
	if want := append([]int{201}, slices.Repeat([]int{409}, len(statuses)-1)...); !slices.Equal(statuses, want) {
		t.Errorf("statuses %v", statuses)
	}
	if list := s.get("/users").users(); len(list) != 1 {
		t.Errorf("%d users", len(list))
	}
}

func TestIllFormedIDs(t *testing.T) {
	s := serve(t)
	id := s.create(john).ID
	s.unchanged(func() {
		for _, bad := range []string{
			"1", "me", strings.ToUpper(id), "urn:uuid:" + id, "%7B" + id + "%7D", strings.ReplaceAll(id, "-", ""),
			id + "%20", id + "%00", "%2F" + id, id[:35], id + "0", "%FF", "%2e%2e",
		} {
			for _, r := range []struct{ method, path, body string }{
				{"GET", "/users/" + bad, ""}, {"DELETE", "/users/" + bad, ""}, {"PUT", "/users/" + bad, john},
				{"PATCH", "/users/" + bad, `{}`}, {"PUT", "/users/" + bad + "/email", `{}`}, {"PUT", "/users/" + bad + "/password", `{}`},
			} {
				s.send(r.method, r.path, r.body, nil).refuses(400, "id INVALID")
			}
		}
	})
	s.raw(fmt.Sprintf("GET /users/%%%x%s HTTP/1.1\r\nHost: x\r\n\r\n", id[0], id[1:])).is(200) // a needless escape is the same path
}

// TestCommandsOfTheReadme sends what curl sends for the commands that users
// are told, byte by byte.
func TestCommandsOfTheReadme(t *testing.T) {
	s := serve(t)
	var u testUser
	s.curl("POST /users/", `{"email": "john.doe@example.com", "first_name": "John", "last_name": "Doe", "password": "SecurePass123", "is_active": true}`).
		is(201).into(&u)
	s.curl("GET /users/"+u.ID, "").is(200)
	s.curl("PUT /users/"+u.ID+"/email", `{"email": "newemail@example.com"}`).is(200)
	if got := s.curl("GET /users/", "").users(); len(got) != 1 || got[0].Email != "newemail@example.com" {
		t.Errorf("users %+v", got)
	}
	s.curl("DELETE /users/"+u.ID, "").is(204)
	s.curl("GET /users/", "").is(200)
	s.curl("GET /health", "").is(200)
}

func (s *server) curl(request, body string) *reply {
	s.t.Helper()
	raw := request + " HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
	if body != "" {
		raw += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return s.raw(raw + "\r\n" + body)
}

// raw sends bytes and reads one answer.
func (s *server) raw(request string) *reply {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	line, _, _ := strings.Cut(request, "\r\n")
	return &reply{t: s.t, what: line, status: resp.StatusCode, header: resp.Header, body: string(body)}
}
