package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// fixture is a server over a service whose ids and times are predictable: the
// nth user has the id id(n) and was created at time(n).
type fixture struct {
	t      *testing.T
	server *httptest.Server
	url    string
	log    *logBuffer
	calls  *countingStore
	svc    *service.Service
}

// setup says what a fixture is to be different in.
type setup struct {
	config graph.Config
	store  func(service.Store) service.Store
	// readTimeout is how long a request may take to arrive, writeTimeout how
	// long an answer may take.
	readTimeout, writeTimeout time.Duration
	// smallBuffers has connections hold little of what clients do not read.
	smallBuffers bool
	// authenticators close the service.
	authenticators []service.Authenticator
}

func newFixture(t *testing.T, options ...setup) *fixture {
	t.Helper()
	var o setup
	if len(options) > 0 {
		o = options[0]
	}
	f := &fixture{t: t, log: &logBuffer{}, calls: &countingStore{Store: teststore.Open(t, 0)}}
	var store service.Store = f.calls
	if o.store != nil {
		store = o.store(store)
	}
	svc := service.New(store, service.Config{Now: ticks(), NewID: sequence(), Authenticators: o.authenticators,
		Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}})
	f.svc = svc
	log := slog.New(web.WithRequestID(slog.NewJSONHandler(f.log, nil)))
	o.config.Log = log
	h := graph.New(svc, o.config)
	f.server = httptest.NewUnstartedServer(web.WithRequestIDs(web.WithAccessLog(log)(h)))
	f.server.Config.ReadTimeout, f.server.Config.WriteTimeout = o.readTimeout, o.writeTimeout
	if o.smallBuffers {
		f.server.Config.ConnState = shrinkBuffers
	}
	f.server.Start()
	t.Cleanup(f.server.Close)
	f.url = f.server.URL + "/graphql"
	return f
}

// smallBuffer is little, and enough for what is read to come quickly.
const smallBuffer = 32 << 10

// shrinkBuffers has the kernel hold little of what c sends.
func shrinkBuffers(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		_ = c.(*net.TCPConn).SetWriteBuffer(smallBuffer)
	}
}

// id is the id of the nth user.
func id(n int) string { return fmt.Sprintf("01900000-0000-7000-8000-%012d", n) }

func sequence() func() (uuid.UUID, error) {
	var n atomic.Int64
	return func() (uuid.UUID, error) { return uuid.Parse(id(int(n.Add(1)))) }
}

// ticks is a clock that goes on by a second each time it is looked at.
func ticks() func() time.Time {
	var n atomic.Int64
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	return func() time.Time { return start.Add(time.Duration(n.Add(1)) * time.Second) }
}

// countingStore counts how often it counts.
type countingStore struct {
	service.Store
	counts atomic.Int64
}

func (s *countingStore) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	s.counts.Add(1)
	return s.Store.CountUsers(ctx, f)
}

// logBuffer is what a test's server has logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// await waits until text has been logged.
func (l *logBuffer) await(t *testing.T, text string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for timeout := time.After(patience); !strings.Contains(l.String(), text); {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("no %s is logged: %s", text, l)
		}
	}
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// answer is a response as a client reads it.
type answer struct {
	status int
	header http.Header
	body   string
}

type vars map[string]any

// post sends a document with variables and returns the answer.
func (f *fixture) post(query string, v vars) answer {
	f.t.Helper()
	return f.send(http.MethodPost, request(f.t, query, v), http.Header{"Content-Type": {"application/json"}})
}

// request is the body of a POST.
func request(t *testing.T, query string, v vars) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": v})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// send sends a request as it is.
func (f *fixture) send(method, body string, h http.Header) answer {
	f.t.Helper()
	return f.sendTo(f.url, method, body, h)
}

func (f *fixture) sendTo(url, method, body string, h http.Header) answer {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header = h.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(web.RequestIDHeader, "test")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// is fails the test unless the answer's body is this JSON, in any spelling.
func (a answer) is(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(parse(t, want), parse(t, a.body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func parse(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// path digs into an answer: names of members and indexes of lists.
func (a answer) path(t *testing.T, path ...any) any {
	t.Helper()
	v := parse(t, a.body)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[p]
		case int:
			list, _ := v.([]any)
			if p >= len(list) {
				t.Fatalf("no %v in %s", path, a.body)
			}
			v = list[p]
		}
	}
	return v
}

// code is the code of the answer's first error, or "".
func (a answer) code(t *testing.T) string {
	t.Helper()
	if a.path(t, "errors") == nil {
		return ""
	}
	code, _ := a.path(t, "errors", 0, "extensions", "code").(string)
	return code
}

const createUser = `mutation ($input: CreateUserInput!) { createUser(input: $input) {
	user { id email emailVerifiedAt firstName lastName isActive version createdAt updatedAt } errors { code field message } } }`

// ada is an input that creates a user.
func ada() vars {
	return vars{"email": "Ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "password": "difference engine"}
}

// with is v with some members replaced.
func (v vars) with(changes vars) vars {
	out := vars{}
	for k, x := range v {
		out[k] = x
	}
	for k, x := range changes {
		out[k] = x
	}
	return out
}

// create creates users, each from ada's input with changes.
func (f *fixture) create(inputs ...vars) {
	f.t.Helper()
	for _, in := range inputs {
		if a := f.post(createUser, vars{"input": ada().with(in)}); a.path(f.t, "data", "createUser", "user") == nil {
			f.t.Fatalf("create %v: %s", in, a.body)
		}
	}
}
