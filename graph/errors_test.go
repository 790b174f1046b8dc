package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// faultyStore fails or panics where it is told to.
type faultyStore struct {
	service.Store
	fault atomic.Pointer[func() error]
}

func (s *faultyStore) fail() error {
	if fault := s.fault.Load(); fault != nil {
		return (*fault)()
	}
	return nil
}

func (s *faultyStore) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	if err := s.fail(); err != nil {
		return service.User{}, err
	}
	return s.Store.User(ctx, id)
}

func (s *faultyStore) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.CreateUser(ctx, r, items...)
}

func (s *faultyStore) DeleteUser(ctx context.Context, id uuid.UUID, d service.Deletion) error {
	if err := s.fail(); err != nil {
		return err
	}
	return s.Store.DeleteUser(ctx, id, d)
}

func (s *faultyStore) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	if err := s.fail(); err != nil {
		return 0, err
	}
	return s.Store.CountUsers(ctx, f)
}

// faulty is a fixture whose store does what fault says.
func faulty(t *testing.T, fault func() error) (*fixture, *faultyStore) {
	var store *faultyStore
	f := newFixture(t, setup{store: func(s service.Store) service.Store {
		store = &faultyStore{Store: s}
		return store
	}})
	f.create(ada())
	store.fault.Store(&fault)
	return f, store
}

// operations are one of each kind that reaches a faultyStore.
func operations() map[string]string {
	return map[string]string{
		"user":       `{ user(id: "` + id(1) + `") { id } }`,
		"createUser": `mutation { createUser(input: {email: "b@example.com", firstName: "B", lastName: "B", password: "analytical engine"}) { errors { code } } }`,
		"deleteUser": `mutation { deleteUser(input: {id: "` + id(1) + `"}) { errors { code } } }`,
	}
}

const internalMessage = "The service failed; its log has the cause under this request's id."

func TestInternalErrors(t *testing.T) {
	for name, fault := range map[string]func() error{
		"an error":              func() error { return errors.New("disk on fire at /dev/secret") },
		"a wrapped one":         func() error { return fmt.Errorf("disk on fire at /dev/secret: %w", context.Canceled) },
		"a panic":               func() error { panic("disk on fire at /dev/secret") },
		"an unknown code":       func() error { return unheardOf{} },
		"a panic with a code":   func() error { panic(&service.EmailTakenError{}) },
		"a panic on purpose":    func() error { panic(http.ErrAbortHandler) },
		"an error like GraphQL": func() error { return fmt.Errorf("disk on fire at /dev/secret: %w", errors.ErrUnsupported) },
	} {
		t.Run(name, func(t *testing.T) {
			f, store := faulty(t, fault)
			for field, document := range operations() {
				a := f.post(document, nil)
				if a.status != 200 || a.path(t, "data", field) != nil || strings.Contains(a.body, "secret") ||
					a.code(t) != "INTERNAL" || a.path(t, "errors", 0, "message") != internalMessage ||
					a.path(t, "errors", 0, "path", 0) != field || a.path(t, "errors", 0, "extensions", "requestId") != "test" {
					t.Error(a.body)
				}
			}
			if log := f.log.String(); strings.Count(log, `"level":"ERROR"`) != 3 || strings.Count(log, `"request_id":"test"`) < 3 {
				t.Error(log)
			}
			store.fault.Store(nil)
			if a := f.post(operations()["user"], nil); a.code(t) != "" {
				t.Errorf("afterwards: %s", a.body)
			}
		})
	}
}

// unheardOf has a code that is not in the catalogue.
type unheardOf struct{}

func (unheardOf) Error() string      { return "secret" }
func (unheardOf) Code() service.Code { return "UNHEARD_OF" }

func TestUnavailable(t *testing.T) {
	for _, c := range []struct {
		name       string
		err        *service.UnavailableError
		message    string
		retryAfter float64
	}{
		{"with a reason", &service.UnavailableError{Reason: "Too busy.", RetryAfter: 2500 * time.Millisecond, Err: errors.New("secret")}, "Too busy.", 3},
		{"without", &service.UnavailableError{Err: errors.New("secret")}, "The service cannot do this now; try again in a moment.", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := faulty(t, func() error { return fmt.Errorf("secret: %w", c.err) })
			for field, document := range operations() {
				a := f.post(document, nil)
				if a.status != 200 || a.code(t) != "UNAVAILABLE" || a.path(t, "data", field) != nil || strings.Contains(a.body, "secret") ||
					a.path(t, "errors", 0, "message") != c.message || a.path(t, "errors", 0, "extensions", "retryAfter") != c.retryAfter {
					t.Error(a.body)
				}
			}
			if log := f.log.String(); strings.Count(log, `"level":"WARN"`) != 3 || !strings.Contains(log, "secret") {
				t.Error(log)
			}
		})
	}
}

// TestOneFailureLeavesTheRest: what other mutations of the same request did is
// told.
func TestOneFailureLeavesTheRest(t *testing.T) {
	var calls atomic.Int64
	f, _ := faulty(t, func() error {
		if calls.Add(1) == 2 {
			return &service.UnavailableError{}
		}
		return nil
	})
	a := f.post(`mutation ($a: CreateUserInput!, $b: CreateUserInput!, $c: CreateUserInput!) {
		a: createUser(input: $a) { user { id } } b: createUser(input: $b) { user { id } } c: createUser(input: $c) { user { id } } }`,
		vars{"a": ada().with(vars{"email": "a@b.co"}), "b": ada().with(vars{"email": "b@b.co"}), "c": ada().with(vars{"email": "c@b.co"})})
	if a.path(t, "data", "a", "user") == nil || a.path(t, "data", "b") != nil || a.path(t, "data", "c", "user") == nil || a.code(t) != "UNAVAILABLE" {
		t.Error(a.body)
	}
}

func TestTotalCountFails(t *testing.T) {
	f, _ := faulty(t, func() error { return &service.UnavailableError{Reason: "Not now."} })
	a := f.post(`{ users { totalCount } }`, nil)
	if a.code(t) != "UNAVAILABLE" || a.path(t, "data") != nil || a.path(t, "errors", 0, "path", 1) != "totalCount" {
		t.Error(a.body)
	}
}

// serve gives the handler one request with this context.
func serve(ctx context.Context, h http.Handler, document string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query": "`+document+`"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRequestsThatEnd(t *testing.T) {
	h := graph.New(service.New(memory.New(), service.Config{}), graph.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w := serve(ctx, h, "{ users { totalCount } }"); w.Code != 503 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"code":"UNAVAILABLE"`) {
		t.Errorf("before it began: %d %s", w.Code, w.Body)
	}

	ctx, cancel = context.WithCancel(t.Context())
	store := &faultyStore{Store: memory.New()}
	fault := func() error { cancel(); return ctx.Err() }
	store.fault.Store(&fault)
	h = graph.New(service.New(store, service.Config{}), graph.Config{})
	if w := serve(ctx, h, `{ user(id: \"`+id(1)+`\") { id } }`); !strings.Contains(w.Body.String(), `"code":"UNAVAILABLE"`) {
		t.Errorf("in the middle: %d %s", w.Code, w.Body)
	}
}

// brokenBody panics when it is read.
type brokenBody struct{ value any }

func (b brokenBody) Read([]byte) (int, error) { panic(b.value) }

func TestPanicsOutsideOfResolvers(t *testing.T) {
	h := graph.New(service.New(memory.New(), service.Config{}), graph.Config{})
	broken := func(value any) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/graphql", brokenBody{value})
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := broken("secret")
	if w.Code != 500 || w.Header().Get("Content-Type") != "application/json; charset=utf-8" ||
		!strings.Contains(w.Body.String(), `"code":"INTERNAL"`) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	broken(http.ErrAbortHandler)
}
