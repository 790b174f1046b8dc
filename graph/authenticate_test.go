package graph_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

// closedFixture is a service that knows the tokens "admin", of everything,
// "nothing", and "revocable", until revoked is set. With the token "away" it
// cannot tell.
func closedFixture(t *testing.T) (f *fixture, revoked *atomic.Bool) {
	return closedFixtureWith(t, graph.Config{})
}

func closedFixtureWith(t *testing.T, c graph.Config) (f *fixture, revoked *atomic.Bool) {
	revoked = new(atomic.Bool)
	all := []service.Scope{service.ScopeAdmin}
	invalid := &service.UnauthenticatedError{Invalid: true}
	known := func(_ context.Context, token string) (service.Actor, error) {
		switch token {
		case "admin":
			return service.KeyActor("admin", all), nil
		case "nothing":
			return service.KeyActor("nothing", nil), nil
		case "revocable":
			return service.KeyActor("revocable", all).While(func(context.Context) error {
				if revoked.Load() {
					return invalid
				}
				return nil
			}), nil
		case "away":
			return service.Actor{}, &service.UnavailableError{Reason: "Away.", RetryAfter: 9500 * time.Millisecond}
		}
		return service.Actor{}, invalid
	}
	return newFixture(t, setup{authenticators: []service.Authenticator{known}, config: c}), revoked
}

func bearer(token string) http.Header {
	if token == "" {
		return http.Header{}
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// Who has not said who they are is told nothing, not even about the schema, and
// not that the request is no GraphQL.
func TestHTTPAndEventsAuthenticate(t *testing.T) {
	f, _ := closedFixture(t)
	for _, tt := range []struct {
		token     string
		status    int
		code      string
		challenge string
	}{
		{"", 401, "UNAUTHENTICATED", `Bearer realm="userd"`},
		{"wrong", 401, "UNAUTHENTICATED", `Bearer realm="userd", error="invalid_token"`},
		{"away", 503, "UNAVAILABLE", ""},
		{"admin", 200, "", ""},
		{"nothing", 200, "", ""},
	} {
		for _, accept := range []string{"application/json", "application/graphql-response+json", "text/event-stream"} {
			for _, body := range []string{`{"query": "{ __schema { queryType { name } } }"}`, `secret`} {
				h := bearer(tt.token)
				h.Set("Accept", accept)
				h.Set("Content-Type", "application/json")
				a := f.send(http.MethodPost, body, h)
				if tt.status == 200 {
					if a.status == 401 || strings.Contains(a.body, "UNAUTHENTICATED") {
						t.Errorf("%s, %s, %s: %s", tt.token, accept, body, a.body)
					}
					continue
				}
				if wait := a.header.Get("Retry-After"); tt.code == "UNAVAILABLE" && (wait != "10" || a.path(t, "errors", 0, "extensions", "retryAfter") != 10.0) {
					t.Errorf("%s, %s: Retry-After: %s; %s", accept, body, wait, a.body)
				}
				if a.status != tt.status || a.code(t) != tt.code || a.header.Get("WWW-Authenticate") != tt.challenge || strings.Contains(a.body, "secret") {
					t.Errorf("%s, %s, %s: %d %v %s", tt.token, accept, body, a.status, a.header, a.body)
				}
			}
		}
	}
}

func TestForbiddenIsAnError(t *testing.T) {
	f, _ := closedFixture(t)
	h := bearer("nothing")
	h.Set("Content-Type", "application/json")
	a := f.send(http.MethodPost, request(t, `{ users { totalCount } }`, nil), h)
	if a.status != 200 || a.code(t) != "FORBIDDEN" || a.path(t, "errors", 0, "message") != "This needs an API key or token with the scope users:read." {
		t.Error(a.body)
	}
}

// The payload of connection_init goes before the header: browsers can send no
// header, and what they do send may be somebody else's.
func TestSocketsAuthenticate(t *testing.T) {
	noLeaks(t)
	f, _ := closedFixture(t)
	for _, tt := range []struct {
		name   string
		header string
		init   string
		closed int
	}{
		{"nothing", "", `{"type": "connection_init"}`, 4403},
		{"null", "", `{"type": "connection_init", "payload": null}`, 4403},
		{"something else", "", `{"type": "connection_init", "payload": {"other": "Bearer admin"}}`, 4403},
		{"wrong", "", `{"type": "connection_init", "payload": {"Authorization": "Bearer secret"}}`, 4403},
		{"no text", "admin", `{"type": "connection_init", "payload": {"Authorization": ["Bearer admin"]}}`, 4403},
		{"wrong before right", "admin", `{"type": "connection_init", "payload": {"Authorization": "Bearer secret"}}`, 4403},
		{"cannot tell", "", `{"type": "connection_init", "payload": {"Authorization": "Bearer away"}}`, 1013},
		{"payload", "", `{"type": "connection_init", "payload": {"Authorization": "Bearer admin"}}`, 0},
		{"in lower case", "", `{"type": "connection_init", "payload": {"authorization": "Bearer admin"}}`, 0},
		{"header", "admin", `{"type": "connection_init"}`, 0},
		{"header and other payload", "admin", `{"type": "connection_init", "payload": {"other": 1}}`, 0},
		{"right before wrong", "secret", `{"type": "connection_init", "payload": {"Authorization": "Bearer admin"}}`, 0},
	} {
		s := f.dial(bearer(tt.header))
		s.send(tt.init)
		if tt.closed == 0 {
			s.expect(`{"type": "connection_ack"}`)
			s.subscribe("1", `{ users { totalCount } }`, nil)
			if m := s.receive(); m.kind != "next" || strings.Contains(toText(t, m.payload), "errors") {
				t.Errorf("%s: %v", tt.name, m)
			}
			continue
		}
		if got := s.closed(); int(got.Code) != tt.closed || got.Reason == "" || strings.Contains(got.Reason, "secret") {
			t.Errorf("%s: %v, want %d", tt.name, got, tt.closed)
		}
	}
}

func toText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A connection that stays open is of no use once its key is revoked.
func TestRevokedKeysEndSubscriptions(t *testing.T) {
	noLeaks(t)
	f, revoked := closedFixture(t)
	operator := service.WithActor(t.Context(), service.OperatorActor("test"))
	create := func(email string) {
		some := service.Some[string]
		if _, err := f.svc.CreateUser(operator, service.UserInput{Email: some(email), FirstName: some("A"), LastName: some("B"), Password: some("analytical engine")}); err != nil {
			t.Fatal(err)
		}
	}
	s := f.dial(bearer("revocable"))
	s.init()
	s.subscribe("1", `subscription { userChanges(after: "`+mustCursor(t, f, operator)+`") { kind } }`, nil)
	create("ada@example.com")
	if m := s.receive(); m.kind != "next" {
		t.Fatal(m)
	}
	revoked.Store(true)
	create("bob@example.com")
	if m := s.receive(); m.kind != "error" || !strings.Contains(toText(t, m.payload), "UNAUTHENTICATED") {
		t.Error(m)
	}
	s.subscribe("2", `{ users { totalCount } }`, nil)
	if m, err := s.frame(); err != nil || !strings.Contains(m, "UNAUTHENTICATED") {
		t.Error(m, err)
	}
}

// Nothing happens that could be withheld: the connection ends even so.
func TestRevokedKeysEndConnectionsThatAreQuiet(t *testing.T) {
	f, revoked := closedFixtureWith(t, graph.Config{Streams: graph.Streams{KeepAlive: 200 * time.Millisecond}})
	overSocket := f.dial(bearer("revocable"))
	overSocket.init()
	overSocket.subscribe("1", follow, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url, strings.NewReader(request(t, follow, nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = bearer("revocable")
	r.Header.Set("Content-Type", jsonType)
	overEvents := f.open(r, func() {})
	overEvents.awaitKeepAlives(2)
	overSocket.awaitKeepAlives(1)
	revoked.Store(true)
	if got := overSocket.closed(); got.Code != 4403 {
		t.Errorf("the WebSocket is closed by %v", got)
	}
	if m := overEvents.receive(); !strings.Contains(toText(t, m.payload), "UNAUTHENTICATED") {
		t.Errorf("the stream brings %v", m)
	}
	ended(t, overEvents)
}

func mustCursor(t *testing.T, f *fixture, ctx context.Context) string {
	t.Helper()
	cursor, err := f.svc.ChangeCursor(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}
