package rest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

const (
	testBodyLimit = 4096
	nobody        = "01890a5d-ac96-774b-bcce-b302099a8057" // an id that no user has
	john          = `{"email":"john.doe@example.com","first_name":"John","last_name":"Doe","password":"SecurePass123","is_active":true}`
)

// server is the API as the program serves it, on a real connection. Each
// exchange with it is checked against openapi.yaml.
type server struct {
	t   *testing.T
	url string
	log *lockedBuffer
}

// serve starts the API over a new store.
func serve(t *testing.T) *server { return serveStore(t, newStore(t), Config{}) }

func serveStore(t *testing.T, store service.Store, c Config) *server {
	t.Helper()
	return serveService(t, newService(store), c)
}

func serveService(t *testing.T, svc *service.Service, c Config) *server {
	t.Helper()
	s := &server{t: t, log: new(lockedBuffer)}
	c.Log = slog.New(web.WithRequestID(slog.NewTextHandler(s.log, nil)))
	h := httptest.NewServer(wrap(New(svc, c), c.Log))
	t.Cleanup(h.Close)
	s.url = h.URL
	return s
}

// newStore is an empty store that the test closes.
func newStore(t testing.TB) service.Store { return teststore.Open(t, 0) }

// newService is a service whose passwords cost little and whose gate lets
// every test in.
func newService(store service.Store) *service.Service {
	return service.New(store, service.Config{
		Argon2:  service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1},
		Hashing: service.HashingLimits{Slots: 2, Queue: 100},
	})
}

// wrap puts around h what the program puts around it.
func wrap(h http.Handler, log *slog.Logger) http.Handler {
	h = web.WithBodyLimit(testBodyLimit)(h)
	h = web.WithRecovery(log, InternalError())(h)
	h = web.WithAccessLog(log)(h)
	return web.WithRequestIDs(h)
}

// lockedBuffer is a log that a test may read while the server writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// header is what a request says beside its body.
type header map[string]string

// reply is what the server answered.
type reply struct {
	t      *testing.T
	what   string // the request, for messages
	status int
	header http.Header
	body   string
	amiss  bool // the request is one that the contract does not allow, and served all the same
}

// send sends a request. A body is said to be JSON unless h says otherwise.
func (s *server) send(method, path, body string, h header) *reply {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range h {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
	return s.exchange(r, body)
}

func (s *server) exchange(r *http.Request, body string) *reply {
	s.t.Helper()
	return s.check(r, body, &reply{})
}

// postAmiss is post with a body that the contract does not allow, of which the
// good part is served.
func (s *server) postAmiss(path, body string) *reply {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return s.check(r, body, &reply{amiss: true})
}

// check sends r, fills p with the answer and holds both to the contract.
func (s *server) check(r *http.Request, body string, p *reply) *reply {
	s.t.Helper()
	resp, err := noRedirects.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	p.t, p.what, p.status, p.header, p.body = s.t, r.Method+" "+r.URL.RequestURI(), resp.StatusCode, resp.Header, string(got)
	checkContract(s.t, r, body, p)
	return p
}

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (s *server) get(path string) *reply        { s.t.Helper(); return s.send("GET", path, "", nil) }
func (s *server) post(path, body string) *reply { s.t.Helper(); return s.send("POST", path, body, nil) }
func (s *server) put(path, body string) *reply  { s.t.Helper(); return s.send("PUT", path, body, nil) }
func (s *server) patch(path, body string) *reply {
	s.t.Helper()
	return s.send("PATCH", path, body, nil)
}
func (s *server) delete(path string) *reply { s.t.Helper(); return s.send("DELETE", path, "", nil) }
func (s *server) create(body string) testUser {
	s.t.Helper()
	return s.post("/users", body).is(201).user()
}
func (s *server) named(email, last string) string { return s.create(newUser(email, "Test", last)).ID }

func newUser(email, first, last string) string {
	return `{"email":"` + email + `","first_name":"` + first + `","last_name":"` + last + `","password":"SecurePass123"}`
}

// testUser is a user as a client reads it.
type testUser struct {
	ID              string  `json:"id"`
	Email           string  `json:"email"`
	EmailVerifiedAt *string `json:"email_verified_at"`
	FirstName       string  `json:"first_name"`
	LastName        string  `json:"last_name"`
	IsActive        bool    `json:"is_active"`
	Version         int     `json:"version"`
	CreatedAt       string  `json:"created_at"`
	UpdatedAt       string  `json:"updated_at"`
}

func (p *reply) is(status int) *reply {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d; %s", p.what, p.status, status, p.body)
	}
	return p
}

func (p *reply) has(name, want string) *reply {
	p.t.Helper()
	if got := p.header.Get(name); got != want {
		p.t.Errorf("%s: %s: %q, want %q", p.what, name, got, want)
	}
	return p
}

func (p *reply) user() (u testUser) {
	p.t.Helper()
	p.has("Content-Type", "application/json").into(&u)
	return u
}

func (p *reply) users() (list []testUser) {
	p.t.Helper()
	p.is(200).has("Content-Type", "application/json").into(&list)
	return list
}

func (p *reply) into(v any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.body), v, json.RejectUnknownMembers(true)); err != nil {
		p.t.Fatalf("%s: %v in %s", p.what, err, p.body)
	}
}

// problem checks that the reply is a problem with this code, and returns it.
func (p *reply) problem(status int, code service.Code) problem {
	p.t.Helper()
	var got problem
	p.is(status).has("Content-Type", "application/problem+json").has("Cache-Control", "no-store").into(&got)
	if got.Code != code || got.Status != status || got.RequestID == "" || got.RequestID != p.header.Get("X-Request-Id") {
		p.t.Errorf("%s: %+v, want code %s, status %d and the request's id", p.what, got, code, status)
	}
	return got
}

// refuses checks that the reply is INVALID_INPUT for exactly these fields,
// given as "field CODE".
func (p *reply) refuses(status int, want ...string) problem {
	p.t.Helper()
	got := p.problem(status, service.CodeInvalidInput)
	var fields []string
	for _, e := range got.Errors {
		fields = append(fields, strings.TrimSpace(string(e.Field)+" "+string(e.Code)))
		if e.Message == "" {
			p.t.Errorf("%s: no message for %q", p.what, e.Field)
		}
	}
	if strings.Join(fields, ", ") != strings.Join(want, ", ") {
		p.t.Errorf("%s: errors %q, want %q", p.what, fields, want)
	}
	return got
}

// unchanged runs what must not change anything.
func (s *server) unchanged(f func()) {
	s.t.Helper()
	before := s.get("/users").is(200).body
	f()
	if after := s.get("/users").is(200).body; after != before {
		s.t.Errorf("users changed from %s to %s", before, after)
	}
}

// sub is s for the subtest name.
func (s *server) sub(name string, f func(s *server)) {
	s.t.Run(name, func(t *testing.T) {
		sub := *s
		sub.t = t
		f(&sub)
	})
}

var passwordRelated = regexp.MustCompile(`(?i)argon|hash|SecurePass123`)

// faultyStore is a store whose methods fail with err once it is set.
type faultyStore struct {
	service.Store
	err error
}

func (f *faultyStore) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	if f.err != nil {
		return f.err
	}
	return f.Store.CreateUser(ctx, r, items...)
}

func (f *faultyStore) DeleteUser(ctx context.Context, id uuid.UUID, d service.Deletion) error {
	if f.err != nil {
		return f.err
	}
	return f.Store.DeleteUser(ctx, id, d)
}

func (f *faultyStore) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Store.ListUsers(ctx, q)
}

func (f *faultyStore) ChangeLog(ctx context.Context) (service.ChangeLogState, error) {
	if f.err != nil {
		return service.ChangeLogState{}, f.err
	}
	return f.Store.ChangeLog(ctx)
}

func (f *faultyStore) Ping(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	return f.Store.Ping(ctx)
}
