package rest

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

func TestIfNoneMatch(t *testing.T) {
	s := serve(t)
	path := "/users/" + s.create(john).ID
	s.patch(path, `{"first_name":"Jim"}`).is(200)
	for value, want := range map[string]int{
		`"2"`:                304,
		`W/"2"`:              304, // weakened by a proxy
		`*`:                  304,
		`"1", "2"`:           304,
		`"x,y" ,W/"2"`:       304,
		`,"2",`:              304,
		`"1"`:                200,
		`"3"`:                200,
		`W/"1", "x", "22"`:   200,
		`"02"`:               200,
		`" 2"`:               400,
		`2`:                  400,
		`"2`:                 400,
		`w/"2"`:              400,
		`"1" "2"`:            400,
		`"1", *`:             400,
		`,`:                  400,
		`"1","2",x`:          400,
		"\"\x80 binary\xff":  400,
		"\"\x80binary\xff\"": 200,
	} {
		s.sub(value, func(s *server) {
			for _, method := range []string{"GET", "HEAD"} {
				p := s.send(method, path, "", header{"If-None-Match": value}).is(want)
				if want != 400 {
					p.has("ETag", `"2"`).has("Cache-Control", "private, no-cache")
				} else if method == "GET" {
					p.refuses(400, "If-None-Match INVALID")
				}
				if want == 304 && p.body != "" {
					s.t.Errorf("304 with the body %q", p.body)
				}
			}
		})
	}
	s.send("GET", "/users/"+nobody, "", header{"If-None-Match": "*"}).problem(404, service.CodeUserNotFound)
}

// changeRoutes are the routes that change a user, with a change for each.
func changeRoutes(path string) []struct{ method, path, body string } {
	return []struct{ method, path, body string }{
		{"PUT", path, john},
		{"PATCH", path, `{"first_name":"Jane"}`},
		{"PUT", path + "/email", `{"email":"jane@example.com"}`},
		{"PUT", path + "/password", `{"password":"another secret"}`},
		{"DELETE", path, ""},
	}
}

func TestIfMatch(t *testing.T) {
	s := serve(t)
	path := "/users/" + s.create(newUser("jim@example.com", "Jim", "Doe")).ID
	s.patch(path, `{"last_name":"Roe"}`).is(200)
	stale := []string{`"1"`, `"3"`, `W/"2"`, `"02"`, `"+2"`, `"x"`, `""`, `"1", "3", W/"2"`, `"99999999999"`, `"4294967298"`}
	illFormed := []string{`2`, `"2`, `W/2`, `"2" "3"`, `*, "2"`, ` `, `,,`, `"2",x`}
	for _, r := range changeRoutes(path) {
		s.sub(r.method+r.path[len(path):], func(s *server) {
			s.unchanged(func() {
				for _, value := range stale {
					got := s.send(r.method, r.path, r.body, header{"If-Match": value}).problem(412, service.CodeVersionConflict)
					if want := "The user has changed and is at version 2 now; read it again."; got.Detail != want {
						s.t.Errorf("%s: detail %q", value, got.Detail)
					}
				}
				for _, value := range illFormed {
					s.send(r.method, r.path, r.body, header{"If-Match": value}).refuses(400, "If-Match INVALID")
				}
				s.send(r.method, r.path, r.body, header{"If-None-Match": "*"}).refuses(400, "If-None-Match INVALID")
				s.send(r.method, r.path, r.body, header{"If-None-Match": `"1"`}).refuses(400, "If-None-Match INVALID")
				s.send(r.method, "/users/"+nobody+r.path[len(path):], r.body, header{"If-Match": "*"}).problem(404, service.CodeUserNotFound)
				s.send("GET", path, "", header{"If-Match": `"1"`}).problem(412, service.CodeVersionConflict)
			})
			s.send("GET", path, "", header{"If-Match": `"2"`}).is(200)
		})
	}
}

func TestIfMatchLetsThrough(t *testing.T) {
	for _, value := range []string{`"1"`, `*`, ` * `, `"7", "1"`, `W/"1","1"`, `"a,b", "1"`} {
		s := serve(t)
		for i, r := range changeRoutes("") {
			path := "/users/" + s.create(newUser("u"+string(rune('a'+i))+"@example.com", "Jim", "Doe")).ID
			p := s.send(r.method, path+r.path, r.body, header{"If-Match": value})
			if p.status >= 300 {
				t.Errorf("%s with If-Match %s: status %d: %s", p.what, value, p.status, p.body)
			}
			s.delete(path)
		}
	}
}

// Of two who change what they have read, the second is told.
func TestLostUpdateIsPrevented(t *testing.T) {
	s := serve(t)
	path := "/users/" + s.create(john).ID
	tag := s.get(path).header.Get("ETag")
	tag2 := s.send("PATCH", path, `{"first_name":"A"}`, header{"If-Match": tag}).is(200).header.Get("ETag")
	s.send("PATCH", path, `{"first_name":"B"}`, header{"If-Match": tag}).problem(412, service.CodeVersionConflict)
	s.send("PATCH", path, `{"first_name":"B"}`, header{"If-Match": tag2}).is(200)
}

// Several header lines are one list.
func TestTagsOverSeveralLines(t *testing.T) {
	got, err := parseTags(http.Header{"If-Match": {`"1"`, `W/"2", "3"`}}, "If-Match")
	want := tagList{tags: []entityTag{{opaque: `"1"`}, {weak: true, opaque: `"2"`}, {opaque: `"3"`}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tagList{}, entityTag{})); diff != "" || err != nil {
		t.Errorf("-want +got (%v):\n%s", err, diff)
	}
	if _, err := parseTags(http.Header{"If-Match": {`"1"`, `*`}}, "If-Match"); err == nil {
		t.Error("* beside a tag: no error")
	}
}
