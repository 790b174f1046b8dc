package rest

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// allowed is the whole table of paths and methods.
func allowed(id string) map[string]string {
	return map[string]string{
		"/users":                     "GET, HEAD, POST, OPTIONS",
		"/users/" + id:               "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
		"/users/" + id + "/email":    "PUT, OPTIONS",
		"/users/" + id + "/password": "PUT, OPTIONS",
		"/health":                    "GET, HEAD, OPTIONS",
		"/livez":                     "GET, HEAD, OPTIONS",
		"/readyz":                    "GET, HEAD, OPTIONS",
		"/openapi.json":              "GET, HEAD, OPTIONS",
		"/openapi.yaml":              "GET, HEAD, OPTIONS",
		"/":                          "GET, HEAD, OPTIONS",
		"/playground":                "GET, HEAD, OPTIONS",
		"/docs":                      "GET, HEAD, OPTIONS",
		"/redoc":                     "GET, HEAD, OPTIONS",
		"/assets/pages.css":          "GET, HEAD, OPTIONS",
	}
}

func TestMethods(t *testing.T) {
	s := serve(t)
	for path, allow := range allowed(s.create(john).ID) {
		for _, slash := range []string{"", "/"} {
			if path += slash; path == "//" {
				continue
			}
			s.sub(path, func(s *server) {
				s.unchanged(func() {
					p := s.send("OPTIONS", path, "", nil).is(204).has("Allow", allow)
					if strings.Contains(allow, "PATCH") {
						p.has("Accept-Patch", "application/merge-patch+json, application/json")
					}
					for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "PROPFIND", "get"} {
						if slices.Contains(strings.Split(allow, ", "), method) {
							continue
						}
						p := s.send(method, path, "", nil).is(405).has("Allow", allow)
						if method != "HEAD" {
							p.problem(405, codeMethodNotAllowed)
						}
					}
				})
			})
		}
	}
}

func TestHead(t *testing.T) {
	s := serve(t)
	for path, allow := range allowed(s.create(john).ID) {
		if !strings.Contains(allow, "HEAD") {
			continue
		}
		s.sub(path, func(s *server) {
			get, head := s.get(path).is(200), s.send("HEAD", path, "", nil).is(200)
			if head.body != "" || get.body == "" {
				s.t.Errorf("HEAD has the body %q, GET %q", head.body, get.body)
			}
			for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Link", "Cache-Control", "X-Content-Type-Options"} {
				head.has(name, get.header.Get(name))
			}
			if head.header.Get("Content-Length") == "" {
				s.t.Error("no Content-Length")
			}
		})
	}
	s.send("HEAD", "/users/"+nobody, "", nil).is(404)
	s.send("HEAD", "/users/x", "", nil).is(400)
	s.send("HEAD", "/nothing", "", nil).is(404)
}

// Each route works with a slash at its end, without a redirect.
func TestTrailingSlash(t *testing.T) {
	s := serve(t)
	id := s.post("/users/", john).is(201).user().ID
	path := "/users/" + id
	s.get("/users/").is(200)
	s.get(path + "/").is(200)
	s.put(path+"/", john).is(200)
	s.patch(path+"/", `{"first_name":"Jane"}`).is(200)
	s.put(path+"/email/", `{"email":"jane@example.com"}`).is(200)
	s.put(path+"/password/", `{"password":"another secret"}`).is(204)
	s.delete(path + "/").is(204)
	for _, path := range []string{"/health/", "/livez/", "/readyz/", "/docs/", "/redoc/", "/playground/", "/openapi.json/", "/openapi.yaml/"} {
		s.get(path).is(200)
	}
}

func TestUnknownPaths(t *testing.T) {
	s := serve(t)
	id := s.create(john).ID
	s.unchanged(func() {
		for _, path := range []string{
			"/nothing", "/Users", "/user", "/users//", "/users/" + id + "//", "/users/" + id + "/name", "/users/" + id + "/email/x",
			"//users", "/users%2F" + id, "/health/x", "/assets", "/assets/", "/%2e%2e/etc/passwd", "/openapi", "/index.html",
			"/.git/config", "/%00", "/%ff", "/graphql",
		} {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
				s.send(method, path, "", nil).problem(404, codeNotFound)
			}
		}
		for _, path := range []string{"/assets/nothing.js", "/assets/../openapi.yaml", "/assets/%2e%2e/openapi.yaml"} {
			s.get(path).problem(404, codeNotFound)
		}
	})
}

// An escaped slash is no separator: a proxy that guards a path by its parts
// must not see others than the service.
func TestEscapedSlash(t *testing.T) {
	s := serve(t)
	path := "/users/" + s.create(john).ID
	s.unchanged(func() {
		s.put(path+"%2Femail", `{"email":"jane@example.com"}`).refuses(400, "id INVALID")
		s.put(path+"%2fpassword/", `{"password":"another secret"}`).refuses(400, "id INVALID")
		s.send("DELETE", "/users%2F"+path[len("/users/"):], "", nil).problem(404, codeNotFound)
	})
}

func TestPages(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"/", "/playground", "/docs", "/redoc"} {
		p := s.get(path).is(200).has("Content-Type", "text/html; charset=utf-8").has("X-Content-Type-Options", "nosniff")
		if !strings.Contains(p.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no strict policy", path)
		}
		for _, asset := range regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(p.body, -1) {
			s.get(asset[1]).is(200)
		}
	}
}

func TestEveryAnswerForbidsSniffing(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"/users", "/users/x", "/nothing", "/health", "/docs", "/openapi.json", "/assets/nothing"} {
		s.get(path).has("X-Content-Type-Options", "nosniff")
	}
}

// The access log names routes, not paths: those are without number, and may
// hold what is nobody's business.
func TestAccessLogNamesRoutes(t *testing.T) {
	s := serve(t)
	id := s.create(john).ID
	for _, c := range []struct{ method, path, route string }{
		{"GET", "/users/" + id, "/users/{id}"},
		{"GET", "/users/" + id + "/", "/users/{id}"},
		{"HEAD", "/users/" + id, "/users/{id}"},
		{"GET", "/users/secret-id", "/users/{id}"},
		{"GET", "/users?email=secret-address@example.com", "/users"},
		{"POST", "/users/" + id, "/users/{id}"},
		{"OPTIONS", "/users/" + id + "/email", "/users/{id}/email"},
		{"PUT", "/users/" + id + "/email", "/users/{id}/email"},
		{"GET", "/secret-path", "(none)"},
		{"PROPFIND", "/secret-path", "(none)"},
		{"GET", "/assets/pages.css", "/assets/*"},
		{"GET", "/assets/secret", "(none)"},
		{"GET", "/", "/"},
		{"GET", "/health", "/health"},
	} {
		s.send(c.method, c.path, "", header{"X-Request-Id": "the-request"})
		lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
		last := lines[len(lines)-1]
		if !strings.Contains(last, `route="`+c.route+`"`) && !strings.Contains(last, "route="+c.route+" ") || !strings.Contains(last, "request_id=the-request") {
			t.Errorf("%s %s: logged %s, want route %s", c.method, c.path, last, c.route)
		}
	}
	if strings.Contains(s.log.String(), "secret") || strings.Contains(s.log.String(), id) {
		t.Errorf("the log has %s", s.log)
	}
}

// New works with nothing around it, and below other routers.
func TestHandlerAlone(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", New(newService(newStore(t)), Config{}))
	for path, want := range map[string]int{"/users/": 200, "/users/x/": 400, "/nothing": 404, "/health": 200} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("CONNECT", "/users", nil))
	if w.Code != 405 {
		t.Errorf("CONNECT: status %d", w.Code)
	}
}

// TestRoutesOfTheIssue is the table that the API was ordered by.
func TestRoutesOfTheIssue(t *testing.T) {
	served := servedRoutes(t, Config{})
	for _, route := range []string{
		"POST /users", "GET /users/{id}", "PUT /users/{id}/email", "DELETE /users/{id}", "GET /users", "PUT /users/{id}",
		"PATCH /users/{id}", "PUT /users/{id}/password", "GET /health", "GET /livez", "GET /readyz", "GET /openapi.json",
	} {
		if !slices.Contains(served, route) {
			t.Errorf("%s is not served", route)
		}
	}
}
