package rest

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

var linkForm = regexp.MustCompile(`^(?:<(/users\?[^<>"\s]+)>; rel="next", )?<(/users(?:\?[^<>"\s]+)?)>; rel="first"$`)

// links are the addresses in the Link header; next is "" on the last page.
func (p *reply) links() (next, first string) {
	p.t.Helper()
	m := linkForm.FindStringSubmatch(p.header.Get("Link"))
	if m == nil {
		p.t.Fatalf("%s: Link: %s", p.what, p.header.Get("Link"))
	}
	return m[1], m[2]
}

// walk follows rel="next" from path and returns each page's e-mail addresses
// without their domain.
func (s *server) walk(path string) (pages []string) {
	s.t.Helper()
	for path != "" && len(pages) < 20 {
		p := s.get(path)
		var names []string
		for _, u := range p.users() {
			name, _, _ := strings.Cut(u.Email, "@")
			names = append(names, name)
		}
		pages = append(pages, strings.Join(names, " "))
		path, _ = p.links()
	}
	return pages
}

func TestListUsers(t *testing.T) {
	s := serve(t)
	p := s.get("/users").is(200).has("Cache-Control", "private, no-cache").has("Link", `</users>; rel="first"`)
	if p.body != "[]\n" {
		t.Errorf("the empty list is %q", p.body)
	}
	var want []testUser
	for _, name := range []string{"a", "b", "c"} {
		want = append(want, s.create(newUser(name+"@example.com", "Test", name)))
	}
	if diff := cmp.Diff(want, s.get("/users").users()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// fill creates six users: dan and fay are not active.
func fill(s *server) {
	for _, u := range []struct{ email, first, last string }{
		{"cid@example.com", "Cid", "Ax"}, {"ann@example.com", "Ann", "Fox"}, {"eve@test.org", "Eve", "Dee"},
		{"bob@example.com", "Bob", "Cox"}, {"dan@test.org", "Dan", "Bee"}, {"fay@example.com", "Fay", "ax"},
	} {
		id := s.create(newUser(u.email, u.first, u.last)).ID
		if u.first == "Dan" || u.first == "Fay" {
			s.patch("/users/"+id, `{"is_active":false}`).is(200)
		}
	}
}

func TestListPagesFiltersAndOrders(t *testing.T) {
	s := serve(t)
	fill(s)
	for query, want := range map[string][]string{
		"":                               {"cid ann eve bob dan fay"},
		"sort=created_at":                {"cid ann eve bob dan fay"},
		"sort=-created_at":               {"fay dan bob eve ann cid"},
		"sort=email":                     {"ann bob cid dan eve fay"},
		"sort=-email":                    {"fay eve dan cid bob ann"},
		"sort=last_name":                 {"cid fay dan bob eve ann"},
		"sort=-last_name":                {"ann eve bob dan fay cid"},
		"limit=2":                        {"cid ann", "eve bob", "dan fay"},
		"limit=4&sort=-email":            {"fay eve dan cid", "bob ann"},
		"limit=1&sort=last_name":         {"cid", "fay", "dan", "bob", "eve", "ann"},
		"limit=6":                        {"cid ann eve bob dan fay"},
		"limit=200":                      {"cid ann eve bob dan fay"},
		"is_active=true":                 {"cid ann eve bob"},
		"is_active=false":                {"dan fay"},
		"is_active=true&limit=3":         {"cid ann eve", "bob"},
		"email=ann@example.com":          {"ann"},
		"email=ANN@EXAMPLE.com":          {"ann"},
		"email=%20ann@example.com%20":    {"ann"},
		"email=nobody@example.com":       {""},
		"email=dan@test.org&q=d":         {"dan"},
		"email=dan@test.org&q=e":         {""},
		"q=ax":                           {"cid fay"},
		"q=AX&is_active=true":            {"cid"},
		"q=e":                            {"eve"},
		"q=b":                            {"bob dan"},
		"q=%20b%20":                      {"bob dan"},
		"q=x":                            {""},
		"q=b&sort=-email&limit=1":        {"dan", "bob"},
		"q=%65":                          {"eve"},
		"email=fay@example.com&limit=1":  {"fay"},
		"limit=2&is_active=false&q=F":    {"fay"},
		"is_active=false&sort=last_name": {"fay dan"},
	} {
		s.sub(query, func(s *server) {
			for _, path := range []string{"/users?", "/users/?"} {
				if diff := cmp.Diff(want, s.walk(path+query)); diff != "" {
					s.t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

// Links keep what was asked for and nothing else.
func TestListLinks(t *testing.T) {
	s := serve(t)
	fill(s)
	for query, kept := range map[string]url.Values{
		"limit=2":                {"limit": {"2"}},
		"sort=-email&limit=1":    {"limit": {"1"}, "sort": {"-email"}},
		"q=b&limit=1":            {"limit": {"1"}, "q": {"b"}},
		"limit=1&q=%20B%09":      {"limit": {"1"}, "q": {"B"}},
		"is_active=true&limit=1": {"limit": {"1"}, "is_active": {"true"}},
	} {
		s.sub(query, func(s *server) {
			next, first := s.get("/users?" + query).is(200).links()
			if want := "/users?" + kept.Encode(); first != want {
				s.t.Errorf("first is %s, want %s", first, want)
			}
			u, err := url.Parse(next)
			if err != nil {
				s.t.Fatal(err)
			}
			got := u.Query()
			if got.Get("cursor") == "" {
				s.t.Errorf("next is %s", next)
			}
			got.Del("cursor")
			if diff := cmp.Diff(kept, got); diff != "" {
				s.t.Errorf("next: -want +got:\n%s", diff)
			}
			if _, again := s.get(next).links(); again != first {
				s.t.Errorf("the next page's first is %s, want %s", again, first)
			}
		})
	}
}

// What would end a link or a header is encoded in it.
func TestListLinksAreEncoded(t *testing.T) {
	s := serve(t)
	odd := `a>; rel="next", <x&y#é`
	_, first := s.get("/users?q=" + url.QueryEscape(odd)).is(200).links()
	if u, err := url.Parse(first); err != nil || u.Query().Get("q") != odd {
		t.Errorf("first is %s", first)
	}
}

func TestListUnderChanges(t *testing.T) {
	s := serve(t)
	fill(s)
	p := s.get("/users?limit=3&sort=email")
	page := p.users()
	next, _ := p.links()
	s.delete("/users/" + page[2].ID).is(204) // the user that the cursor stands at
	s.named("aaa@example.com", "New")
	s.named("zoe@example.com", "New")
	if diff := cmp.Diff([]string{"dan eve fay", "zoe"}, s.walk(next)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestListBounds(t *testing.T) {
	s := serve(t)
	for i := range service.MaxPageSize + 1 {
		s.named(fmt.Sprintf("u%03d@example.com", i), "U")
	}
	for query, want := range map[string]int{"": service.DefaultPageSize, "?limit=1": 1, "?limit=200": 200} {
		p := s.get("/users" + query)
		if got := len(p.users()); got != want {
			t.Errorf("%s: %d users, want %d", query, got, want)
		}
		if next, _ := p.links(); next == "" {
			t.Errorf("%s: no next page", query)
		}
	}
}

func TestWrongParameters(t *testing.T) {
	s := serve(t)
	fill(s)
	next, _ := s.get("/users?limit=1").links()
	cursor := regexp.MustCompile(`cursor=([^&]+)`).FindStringSubmatch(next)[1]
	for query, want := range map[string][]string{
		"limit=0":                            {"limit OUT_OF_RANGE"},
		"limit=201":                          {"limit OUT_OF_RANGE"},
		"limit=2147483647":                   {"limit OUT_OF_RANGE"},
		"limit=2147483648":                   {"limit OUT_OF_RANGE"},
		"limit=99999999999999999999":         {"limit OUT_OF_RANGE"},
		"limit=-1":                           {"limit OUT_OF_RANGE"},
		"limit=-99999999999999999999":        {"limit OUT_OF_RANGE"},
		"limit=%2B1":                         {"limit INVALID"},
		"limit=1.0":                          {"limit INVALID"},
		"limit=1e1":                          {"limit INVALID"},
		"limit=0x10":                         {"limit INVALID"},
		"limit=1_0":                          {"limit INVALID"},
		"limit=%201":                         {"limit INVALID"},
		"limit=":                             {"limit INVALID"},
		"limit":                              {"limit INVALID"},
		"limit=ten":                          {"limit INVALID"},
		"limit=5&limit=6":                    {"limit INVALID"},
		"limit=5&limit=5":                    {"limit INVALID"},
		"cursor=":                            {"cursor INVALID"},
		"cursor=x":                           {"cursor INVALID"},
		"cursor=%00":                         {"cursor INVALID"},
		"cursor=" + cursor + "A":             {"cursor INVALID"},
		"sort=email&cursor=" + cursor:        {"cursor INVALID"},
		"cursor=" + strings.Repeat("A", 2e3): {"cursor INVALID"},
		"sort=":                              {"sort INVALID"},
		"sort=-":                             {"sort INVALID"},
		"sort=--email":                       {"sort INVALID"},
		"sort=%2Bemail":                      {"sort INVALID"},
		"sort=id":                            {"sort INVALID"},
		"sort=EMAIL":                         {"sort INVALID"},
		"sort=email,last_name":               {"sort INVALID"},
		"sort=password_hash":                 {"sort INVALID"},
		"email=":                             {"email REQUIRED"},
		"email=%20":                          {"email REQUIRED"},
		"email=john":                         {"email INVALID"},
		"email=a%00@example.com":             {"email FORBIDDEN_CHARACTER"},
		"email=%ff@example.com":              {"email INVALID"},
		"q=":                                 {"q REQUIRED"},
		"q=%20%09":                           {"q REQUIRED"},
		"q":                                  {"q REQUIRED"},
		"q=%00":                              {"q FORBIDDEN_CHARACTER"},
		"q=%ff":                              {"q INVALID"},
		"q=" + strings.Repeat("x", 255):      {"q TOO_LONG"},
		"is_active=":                         {"is_active INVALID"},
		"is_active=1":                        {"is_active INVALID"},
		"is_active=TRUE":                     {"is_active INVALID"},
		"is_active=yes":                      {"is_active INVALID"},
		"is_active=null":                     {"is_active INVALID"},
		"offset=10":                          {"offset UNKNOWN_FIELD"},
		"Limit=1":                            {"Limit UNKNOWN_FIELD"},
		"first_name=Ann":                     {"first_name UNKNOWN_FIELD"},
		"q[]=a":                              {"UNKNOWN_FIELD"},
		"=a":                                 {"UNKNOWN_FIELD"},
		"%3Cscript%3E=1":                     {"UNKNOWN_FIELD"},
		"limit=5;q=a":                        {"INVALID"},
		"q=%zz":                              {"INVALID"},
		"limit=0&q=&sort=x&cursor=x&is_active=x&email=x&foo=1": {
			"foo UNKNOWN_FIELD", "is_active INVALID", "email INVALID", "q REQUIRED", "sort INVALID", "limit OUT_OF_RANGE", "cursor INVALID",
		},
	} {
		s.sub(query, func(s *server) { s.get("/users?"+query).refuses(400, want...) })
	}
}

// Elsewhere a parameter could not widen what is asked for.
func TestParametersElsewhereAreNobodysMistake(t *testing.T) {
	s := serve(t)
	s.get("/users/" + s.create(john).ID + "?utm_source=mail").is(200)
}
