package rest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// bodyRoutes are the routes that take a body, with one that each takes.
func bodyRoutes(id string) []struct{ method, path, good string } {
	return []struct{ method, path, good string }{
		{"POST", "/users", newUser("new@example.com", "A", "B")},
		{"PUT", "/users/" + id, john},
		{"PATCH", "/users/" + id, `{"first_name":"Jane"}`},
		{"PUT", "/users/" + id + "/email", `{"email":"jane@example.com"}`},
		{"PUT", "/users/" + id + "/password", `{"password":"another secret"}`},
		{"POST", "/password-reset-tokens", `{"email":"john.doe@example.com"}`},
		{"POST", "/password-resets", `{"token":"x","password":"another secret"}`},
		{"POST", "/email-confirmation-tokens", `{"user_id":"` + id + `"}`},
		{"POST", "/email-confirmations", `{"token":"x"}`},
	}
}

// eachBodyRoute runs f for each route that takes a body, and checks that no
// request changed anything.
func eachBodyRoute(t *testing.T, f func(s *server, method, path, good string)) {
	s := serve(t)
	for _, r := range bodyRoutes(s.create(john).ID) {
		s.sub(r.method+r.path[min(len(r.path), 43):], func(s *server) {
			s.unchanged(func() { f(s, r.method, r.path, r.good) })
		})
	}
}

func TestMalformedJSON(t *testing.T) {
	bodies := map[string]string{
		"empty":                     "",
		"only space":                " \n",
		"null":                      `null`,
		"an array":                  `[{"email":"a@example.com"}]`,
		"a string":                  `"email"`,
		"a number":                  `17`,
		"cut short":                 `{"email":"a@example.com"`,
		"cut short in a name":       `{"ema`,
		"cut short in a value":      `{"email":"a@exam`,
		"no value":                  `{"email"}`,
		"a comma too many":          `{"email":"a@example.com",}`,
		"a comma at the start":      `{,}`,
		"no comma":                  `{"email":"a@example.com" "first_name":"A"}`,
		"single quotes":             `{'email':'a@example.com'}`,
		"a name without quotes":     `{email:"a@example.com"}`,
		"a name that is a number":   `{1:"a@example.com"}`,
		"a comment":                 `{"email":"a@example.com"/* */}`,
		"a duplicate name":          `{"email":"a@example.com","email":"b@example.com"}`,
		"an escaped duplicate name": `{"email":"a@example.com","\u0065mail":"b@example.com"}`,
		"a duplicate unknown name":  `{"x":1,"x":1}`,
		"a duplicate name deeper":   `{"email":{"x":1,"x":1}}`,
		"two objects":               `{"email":"a@example.com"}{}`,
		"text after the object":     `{"email":"a@example.com"} x`,
		"invalid UTF-8 in a value":  "{\"email\":\"a\xff@example.com\"}",
		"invalid UTF-8 in a name":   "{\"e\xffmail\":\"a@example.com\"}",
		"an overlong encoding":      "{\"password\":\"secret\xc0\xaf\xc0\xafsecret\"}",
		"half a surrogate pair":     `{"first_name":"\ud800"}`,
		"surrogates turned round":   `{"first_name":"\udc00\ud800"}`,
		"an unknown escape":         `{"first_name":"\x41"}`,
		"a raw control character":   "{\"first_name\":\"a\x00b\"}",
		"a raw line break":          "{\"first_name\":\"a\nb\"}",
		"a byte order mark":         "\ufeff{}",
		"a literal of another case": `{"is_active":True}`,
		"not a number":              `{"is_active":NaN}`,
		"a number with zeros":       `{"is_active":007}`,
		"deep nesting":              `{"x":` + strings.Repeat("[", 2000),
	}
	eachBodyRoute(t, func(s *server, method, path, _ string) {
		for name, body := range bodies {
			s.sub(name, func(s *server) {
				got := s.send(method, path, body, nil).problem(400, codeMalformedJSON)
				if got.Errors != nil {
					s.t.Errorf("errors %+v", got.Errors)
				}
			})
		}
	})
}

// What is malformed is said without repeating it.
func TestMalformedJSONDetails(t *testing.T) {
	s := serve(t)
	for body, want := range map[string]string{
		"":                           "The body is empty; it must be a JSON object.",
		"17":                         "The body must be a JSON object.",
		`{"a":1,"a":1}`:              "A name stands twice in the same JSON object.",
		`{"a":1} {}`:                 "The body goes on after the JSON object.",
		"\xff":                       "The body is not valid UTF-8.",
		`{"password":"SecurePass123`: "The JSON ends too early.",
		`{"password":SecurePass123}`: "The body is not valid JSON from byte 12 on.",
		`{"SecurePass123"=1}`:        "The body is not valid JSON from byte 16 on.",
	} {
		if got := s.post("/users", body).problem(400, codeMalformedJSON); got.Detail != want {
			t.Errorf("%s: %s, want %s", body, got.Detail, want)
		}
	}
}

func TestDeepNestingIsBounded(t *testing.T) {
	a := api{svc: newService(newStore(t))}
	for _, depth := range []int{9_000, 11_000, 1_000_000} {
		body := `{"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
		_, err := a.decodeUser(httptest.NewRecorder(), jsonRequest(body), patchForm)
		want := service.CodeInvalidInput // an unknown field
		if depth > 10_000 {
			want = codeMalformedJSON
		}
		if got := service.CodeOf(err); got != want {
			t.Errorf("depth %d: %s, want %s", depth, got, want)
		}
	}
}

func jsonRequest(body string) *http.Request {
	r := httptest.NewRequest("POST", "/users", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestWrongFieldsAreReportedAllAtOnce(t *testing.T) {
	s := serve(t)
	s.unchanged(func() {
		for _, c := range []struct {
			name, body string
			want       []string
		}{
			{"nothing", `{}`, []string{"email REQUIRED", "first_name REQUIRED", "last_name REQUIRED", "password REQUIRED"}},
			{"all null", `{"email":null,"first_name":null,"last_name":null,"password":null,"is_active":null}`,
				[]string{"email REQUIRED", "first_name REQUIRED", "last_name REQUIRED", "password REQUIRED", "is_active REQUIRED"}},
			{"all blank", `{"email":"","first_name":" ","last_name":"","password":""}`,
				[]string{"email REQUIRED", "first_name REQUIRED", "last_name REQUIRED", "password REQUIRED"}},
			{"all of another type", `{"email":1,"first_name":{"a":[1]},"last_name":["a"],"password":true,"is_active":"true"}`,
				[]string{"email INVALID", "first_name INVALID", "last_name INVALID", "password INVALID", "is_active INVALID"}},
			{"numbers for booleans", strings.Replace(john, "true", "1", 1), []string{"is_active INVALID"}},
			{"zero for false", strings.Replace(john, "true", "0", 1), []string{"is_active INVALID"}},
			{"types and values", `{"email":"no address","first_name":5,"password":"short"}`,
				[]string{"first_name INVALID", "email FORBIDDEN_CHARACTER", "last_name REQUIRED", "password TOO_SHORT"}},
			{"unknown and missing", `{"nickname":"Jo","email":"a@example.com","first_name":"A","password":"SecurePass123"}`,
				[]string{"nickname UNKNOWN_FIELD", "last_name REQUIRED"}},
			{"another case", `{"EMAIL":"a@example.com","First_Name":"A","lastName":"B","password":"SecurePass123"}`,
				[]string{"EMAIL UNKNOWN_FIELD", "First_Name UNKNOWN_FIELD", "lastName UNKNOWN_FIELD",
					"email REQUIRED", "first_name REQUIRED", "last_name REQUIRED"}},
			{"NUL", `{"email":"a\u0000@example.com","first_name":"\u0000","last_name":"a\u0000b","password":"SecurePass\u0000"}`,
				[]string{"email FORBIDDEN_CHARACTER", "first_name FORBIDDEN_CHARACTER", "last_name FORBIDDEN_CHARACTER", "password FORBIDDEN_CHARACTER"}},
			{"too long", newUser(strings.Repeat("a", 300)+"@example.com", strings.Repeat("a", 101), strings.Repeat("ü", 101)),
				[]string{"email TOO_LONG", "first_name TOO_LONG", "last_name TOO_LONG"}},
			{"an object for an address", strings.Replace(john, `"john.doe@example.com"`, `{"$ne":null}`, 1), []string{"email INVALID"}},
		} {
			s.sub(c.name, func(s *server) { s.post("/users", c.body).refuses(422, c.want...) })
		}
	})
}

// Each form requires in merged errors what the service's method requires.
func TestFormsAreInStepWithTheService(t *testing.T) {
	eachBodyRoute(t, func(s *server, method, path, _ string) {
		if method == "PATCH" {
			s.send(method, path, `{"x":1}`, nil).refuses(422, "x UNKNOWN_FIELD")
			return
		}
		want := s.send(method, path, `{}`, nil).problem(422, service.CodeInvalidInput).Errors
		got := s.send(method, path, `{"x":1}`, nil).problem(422, service.CodeInvalidInput).Errors
		if diff := gocmp.Diff(want, got[1:]); diff != "" {
			s.t.Errorf("-service +merged:\n%s", diff)
		}
	})
}

// An unknown name is repeated only when it is harmless, and not too often.
func TestUnknownFields(t *testing.T) {
	s := serve(t)
	s.unchanged(func() {
		for name, want := range map[string]string{
			"nickname": "nickname UNKNOWN_FIELD", "A-b_c.9": "A-b_c.9 UNKNOWN_FIELD",
			strings.Repeat("x", 64): strings.Repeat("x", 64) + " UNKNOWN_FIELD",
			strings.Repeat("x", 65): "UNKNOWN_FIELD", "": "UNKNOWN_FIELD", "a b": "UNKNOWN_FIELD", `\u0000`: "UNKNOWN_FIELD",
			"<script>": "UNKNOWN_FIELD", "é": "UNKNOWN_FIELD", `a\nb`: "UNKNOWN_FIELD", "a/b": "UNKNOWN_FIELD",
		} {
			s.sub(name, func(s *server) {
				s.patch("/users/"+nobody, `{"`+name+`":"SecurePass123"}`).refuses(422, want)
			})
		}
		s.patch("/users/"+nobody, `{"<a>":1,"<b>":2,"c":3}`).refuses(422, "UNKNOWN_FIELD", "c UNKNOWN_FIELD")
		got := s.patch("/users/"+nobody, `{"Email":"a@example.com"}`).refuses(422, "Email UNKNOWN_FIELD")
		if want := "There is no such field; did you mean email?"; got.Errors[0].Message != want {
			t.Errorf("message %q, want %q", got.Errors[0].Message, want)
		}
	})
	var many bytes.Buffer
	for i := range 300 {
		fmt.Fprintf(&many, `"n%d":1,`, i)
	}
	p := s.patch("/users/"+nobody, `{`+many.String()+`"email":"no address"}`).problem(422, service.CodeInvalidInput)
	if len(p.Errors) != maxUnknown+1 || p.Errors[maxUnknown].Field != "email" {
		t.Errorf("%d errors, of which the last is for %s", len(p.Errors), p.Errors[len(p.Errors)-1].Field)
	}
}

func TestUnsupportedMediaType(t *testing.T) {
	const patch = "application/merge-patch+json"
	eachBodyRoute(t, func(s *server, method, path, good string) {
		types := []string{
			"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
			"application/json; charset=iso-8859-1", "application/json; charset=", "application/json/", "json", "*/*", ";",
			"application/problem+json", "application/json, application/json",
		}
		if method != "PATCH" {
			types = append(types, patch)
		}
		for _, contentType := range types {
			s.sub(contentType, func(s *server) {
				p := s.send(method, path, good, header{"Content-Type": contentType})
				p.problem(415, codeUnsupportedMediaType)
				if method == "PATCH" {
					p.has("Accept-Patch", patch+", application/json")
				} else {
					p.has("Accept", "application/json")
				}
			})
		}
		s.send(method, path, good, header{"Content-Encoding": "gzip"}).problem(415, codeUnsupportedMediaType)
		// Neither a body nor a word on it: the missing body is the mistake.
		s.send(method, path, "", nil).problem(400, codeMalformedJSON)
	})
}

func TestTwoContentTypes(t *testing.T) {
	s := serve(t)
	s.raw("POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Type: text/plain\r\n"+
		"Content-Length: 2\r\n\r\n{}").problem(415, codeUnsupportedMediaType)
}

func TestSupportedMediaTypes(t *testing.T) {
	s := serve(t)
	path := "/users/" + s.create(john).ID
	for _, contentType := range []string{
		"application/json", "Application/JSON", "application/json; charset=utf-8", `application/json;charset="UTF-8"`,
		"application/merge-patch+json", "application/merge-patch+json; charset=utf-8",
	} {
		s.send("PATCH", path, `{}`, header{"Content-Type": contentType}).is(200)
	}
	s.send("PATCH", path, `{}`, header{"Content-Encoding": "identity"}).is(200)
}

func TestBodyTooLarge(t *testing.T) {
	eachBodyRoute(t, func(s *server, method, path, good string) {
		padded := func(size int) string { return good + strings.Repeat(" ", size-len(good)) }
		got := s.send(method, path, padded(testBodyLimit+1), nil).problem(413, codeBodyTooLarge)
		if want := "A body has at most 4096 bytes."; got.Detail != want {
			s.t.Errorf("detail %q, want %q", got.Detail, want)
		}
		// Whatever it holds, and whether or not its length is told.
		s.send(method, path, strings.Repeat("x", 2*testBodyLimit), nil).problem(413, codeBodyTooLarge)
		s.raw(method+" "+path+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"+
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", testBodyLimit+1, padded(testBodyLimit+1))).problem(413, codeBodyTooLarge)
	})
	s := serve(t)
	s.post("/users", john+strings.Repeat(" ", testBodyLimit-len(john))).is(201) // the limit itself is allowed
}

func TestBodyTooSlow(t *testing.T) {
	srv := httptest.NewUnstartedServer(wrap(New(newService(newStore(t)), Config{}), Config{}.withDefaults().Log))
	srv.Config.ReadTimeout, srv.Config.ReadHeaderTimeout = 50*time.Millisecond, time.Minute
	srv.Start()
	defer srv.Close()
	s := &server{t: t, url: srv.URL}
	s.raw("POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{").
		problem(408, codeRequestTimeout)
}

func TestBodyThatBreaksOff(t *testing.T) {
	r := jsonRequest(john)
	r.Body = io.NopCloser(iotest.ErrReader(errors.New("secret internals")))
	_, err := (&api{}).decodeUser(httptest.NewRecorder(), r, createForm)
	if service.CodeOf(err) != codeMalformedJSON || strings.Contains(newProblem(err).Detail, "secret") {
		t.Errorf("got %v", err)
	}
	s := serve(t)
	s.raw("POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").
		problem(400, codeMalformedJSON)
}

// A body where none belongs is nobody's mistake and is not read.
func TestBodyWhereNoneBelongs(t *testing.T) {
	s := serve(t)
	u := s.create(john)
	s.send("GET", "/users", "{", nil).is(200)
	s.send("DELETE", "/users/"+u.ID, "{", nil).is(204)
}

// FuzzDecodeBody: whatever is sent, the service neither panics nor fails, and
// what it refuses changes nothing.
func FuzzDecodeBody(f *testing.F) { fuzzBody(f, "POST", "/users", 201) }

// FuzzPatch is FuzzDecodeBody for patches.
func FuzzPatch(f *testing.F) { fuzzBody(f, "PATCH", "", 200) }

func fuzzBody(f *testing.F, method, path string, success int) {
	for _, seed := range []string{
		john, `{}`, `{"email":null}`, `{"email":"a@b.c","email":1}`, `{"is_active":"x","X":[{"a":1}]}`, "\xff", `{"a":`,
		`{"first_name":"\ud83e\udd8a"}`, `{"password":"\u0000aaaaaaaa"}`, `[]`, ``, `{"last_name":"` + strings.Repeat("é", 101) + `"}`,
	} {
		f.Add([]byte(seed))
	}
	svc := newService(newStore(f))
	handler := New(svc, Config{})
	u, err := svc.CreateUser(f.Context(), service.UserInput{
		Email: service.Some("jane@example.com"), FirstName: service.Some("Jane"), LastName: service.Some("Roe"),
		Password: service.Some("SecurePass123")})
	if err != nil {
		f.Fatal(err)
	}
	path = cmp.Or(path, "/users/"+u.ID.String())
	f.Fuzz(func(t *testing.T, body []byte) {
		before := everything(t, handler)
		w := serveOnce(handler, method, path, body)
		if w.Code == success {
			serveOnce(handler, "DELETE", w.Header().Get("Location"), nil) // of a creation: the next one finds it as this one did
			return
		}
		if w.Code < 400 || w.Code >= 500 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if after := everything(t, handler); after != before {
			t.Fatalf("refused, but changed %s to %s", before, after)
		}
	})
}

func everything(t *testing.T, h http.Handler) string {
	w := serveOnce(h, "GET", "/users", nil)
	if w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	return w.Body.String()
}

func serveOnce(h http.Handler, method, path string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, cmp.Or(path, "/"), bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
