package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

func TestEveryCodeHasAKind(t *testing.T) {
	for _, code := range service.Codes() {
		if _, ok := kinds[code]; !ok {
			t.Errorf("%s has no status", code)
		}
	}
	for code, k := range kinds {
		if http.StatusText(k.status) == "" || k.status < 400 || k.title == "" || !strings.HasSuffix(k.detail, ".") {
			t.Errorf("%s: %+v", code, k)
		}
	}
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want problem
	}{
		"invalid input": {
			&service.InvalidInputError{Fields: []service.FieldError{{Field: "email", Code: "INVALID", Message: "No."}}},
			problem{Title: "Invalid input", Status: 422, Detail: "Part of the input is wrong; errors says what.", Code: "INVALID_INPUT",
				Errors: []fieldProblem{{"email", "INVALID", "No."}}},
		},
		"invalid input outside of the body": {
			fmt.Errorf("wrapped: %w", badHeader("If-Match", "No.")),
			problem{Title: "Invalid input", Status: 400, Detail: "Part of the input is wrong; errors says what.", Code: "INVALID_INPUT",
				Errors: []fieldProblem{{"If-Match", "INVALID", "No."}}},
		},
		"no such user": {
			fmt.Errorf("wrapped: %w", &service.UserNotFoundError{}),
			problem{Title: "User not found", Status: 404, Detail: "No user has this id.", Code: "USER_NOT_FOUND"},
		},
		"e-mail taken": {
			&service.EmailTakenError{},
			problem{Title: "E-mail address taken", Status: 409, Detail: "Another user has this e-mail address.", Code: "EMAIL_TAKEN",
				Errors: []fieldProblem{{"email", "EMAIL_TAKEN", "Another user has this e-mail address."}}},
		},
		"version conflict": {
			&service.VersionConflictError{Current: 7},
			problem{Title: "Version conflict", Status: 412, Code: "VERSION_CONFLICT",
				Detail: "The user has changed and is at version 7 now; read it again."},
		},
		"unavailable": {
			&service.UnavailableError{Reason: "Busy.", RetryAfter: 1500 * time.Millisecond, Err: errors.New("secret")},
			problem{Title: "Unavailable", Status: 503, Detail: "Busy.", Code: "UNAVAILABLE", retryAfter: 1500 * time.Millisecond},
		},
		"unavailable without reason": {
			&service.UnavailableError{Err: errors.New("secret")},
			problem{Title: "Unavailable", Status: 503, Code: "UNAVAILABLE", retryAfter: time.Second,
				Detail: "The service cannot do this now; try again in a moment."},
		},
		"outcome unknown": {
			&service.OutcomeUnknownError{Err: errors.New("secret")},
			problem{Title: "Outcome unknown", Status: 504, Code: "OUTCOME_UNKNOWN",
				Detail: "Whether the change was made is not known; read before you try again."},
		},
		"an untyped error": {
			errors.New("secret"),
			problem{Title: "Internal error", Status: 500, Code: "INTERNAL",
				Detail: "The service failed; its log has the cause under this request's id."},
		},
		"a code that nobody knows": {
			&requestError{code: "SECRET"},
			problem{Title: "Internal error", Status: 500, Code: "INTERNAL",
				Detail: "The service failed; its log has the cause under this request's id."},
		},
		"malformed JSON": {
			malformed("Sorry."), problem{Title: "Malformed JSON", Status: 400, Detail: "Sorry.", Code: "MALFORMED_JSON"},
		},
	} {
		c.want.Type = "/redoc#section/Errors/" + string(c.want.Code)
		if diff := cmp.Diff(c.want, newProblem(c.err), cmp.AllowUnexported(problem{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestProblemDocument(t *testing.T) {
	p := serve(t).send("GET", "/users/"+nobody, "", header{"X-Request-Id": "my.request-1_A"})
	want := `{"type":"/redoc#section/Errors/USER_NOT_FOUND","title":"User not found","status":404,"detail":"No user has this id.",` +
		`"code":"USER_NOT_FOUND","request_id":"my.request-1_A"}` + "\n"
	if p.body != want {
		t.Errorf("got %s, want %s", p.body, want)
	}
}

func TestInternalErrorTellsNothingAndIsLoggedOnce(t *testing.T) {
	s := serveStore(t, &faultyStore{newStore(t), errors.New("disk /dev/sda1 is on fire")}, Config{})
	p := s.send("GET", "/users", "", header{"X-Request-Id": "req-1"})
	p.problem(500, service.CodeInternal)
	if strings.Contains(p.body, "disk") {
		t.Errorf("the client hears %s", p.body)
	}
	if log := s.log.String(); strings.Count(log, "on fire") != 1 || !strings.Contains(log, "level=ERROR") ||
		!strings.Contains(log, `error="disk /dev/sda1 is on fire" request_id=req-1`) {
		t.Errorf("the log has %s", log)
	}
	s.post("/users", john).problem(500, service.CodeInternal)
}

func TestUnavailable(t *testing.T) {
	for retryAfter, want := range map[time.Duration]string{
		0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60",
	} {
		s := serveStore(t, &faultyStore{newStore(t), &service.UnavailableError{Reason: "Away for a while.", RetryAfter: retryAfter,
			Err: errors.New("dial tcp 10.0.0.7")}}, Config{})
		p := s.post("/users", john).has("Retry-After", want)
		if got := p.problem(503, service.CodeUnavailable); got.Detail != "Away for a while." || strings.Contains(p.body, "10.0.0.7") {
			t.Errorf("the client hears %s", p.body)
		}
		if log := s.log.String(); strings.Count(log, "10.0.0.7") != 1 || !strings.Contains(log, "level=WARN") {
			t.Errorf("the log has %s", log)
		}
	}
}

// A request that its client has given up is no failure of the service.
func TestRequestGivenUp(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the server shuts down"))
	w := httptest.NewRecorder()
	wrap(New(newService(newStore(t)), Config{}), Config{}.withDefaults().Log).
		ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/users", nil))
	p := &reply{t: t, what: "GET /users", status: w.Code, header: w.Header(), body: w.Body.String()}
	p.problem(503, service.CodeUnavailable)
	if strings.Contains(s.log.String(), "level=ERROR") {
		t.Errorf("the log has %s", s.log)
	}
}

// Whether a change was made stays unknown when the request has ended.
func TestOutcomeUnknown(t *testing.T) {
	for name, ctx := range map[string]context.Context{"the request goes on": t.Context(), "the request has ended": ended(t)} {
		store := &faultyStore{newStore(t), &service.OutcomeUnknownError{Err: context.Canceled}}
		svc := newService(store)
		if _, err := svc.IsOpen(t.Context()); err != nil { // it is known by now who may call
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, "DELETE", "/users/0198c0de-0000-7000-8000-0123456789ab", nil)
		wrap(New(svc, Config{}), Config{}.withDefaults().Log).ServeHTTP(w, r)
		p := &reply{t: t, what: name, status: w.Code, header: w.Header(), body: w.Body.String()}
		p.problem(504, service.CodeOutcomeUnknown)
	}
}

func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestInternalErrorHandler(t *testing.T) {
	s := &server{t: t, log: new(lockedBuffer)}
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })
	srv := httptest.NewServer(wrap(broken, Config{}.withDefaults().Log))
	defer srv.Close()
	s.url = srv.URL
	if p := s.get("/users"); p.problem(500, service.CodeInternal).Detail == "" || strings.Contains(p.body, "secret") {
		t.Errorf("the client hears %s", p.body)
	}
}

// TestNothingSentIsEchoed sends a marked value everywhere.
func TestNothingSentIsEchoed(t *testing.T) {
	const mark = "s3cr3t-m4rk"
	s := serve(t)
	path := "/users/" + s.create(john).ID
	m := `"` + mark + `\u0000"`
	replies := []*reply{
		s.post("/users", `{"email":`+m+`,"first_name":`+m+`,"last_name":`+m+`,"password":`+m+`,"is_active":`+m+`}`),
		s.post("/users", `{"email":"`+mark), s.post("/users", mark), s.post("/users", `{"`+mark+` ":1}`),
		s.post("/users", `{"x":"`+mark+`","x":"`+mark+`"}`), s.post("/users", `{} `+mark),
		s.put(path+"/password", `{"password":["`+mark+`"]}`), s.put(path+"/password", `{"password":"`+strings.Repeat(mark, 20)+`"}`),
		s.put(path+"/email", `{"email":"`+mark+`"}`), s.patch(path, `{"first_name":{"`+mark+`":1}}`),
		s.get("/users?q=%00" + mark), s.get("/users?email=" + mark), s.get("/users?limit=" + mark), s.get("/users?cursor=" + mark),
		s.get("/users?sort=" + mark), s.get("/users?is_active=" + mark), s.get("/users?%zz" + mark), s.get("/users?%20" + mark + "=1"),
		s.get("/users/" + mark), s.get("/" + mark), s.send("GET", path, "", header{"If-None-Match": mark}),
		s.send("DELETE", path, "", header{"If-Match": `"` + mark + `"`}), s.send("POST", "/users", john, header{"Content-Type": mark}),
	}
	for _, p := range replies {
		if p.status < 400 || strings.Contains(p.body+fmt.Sprint(p.header), mark) {
			t.Errorf("%s: %d %s", p.what, p.status, p.body)
		}
	}
	if strings.Contains(s.log.String(), mark) {
		t.Errorf("the log has %s", s.log)
	}
}
