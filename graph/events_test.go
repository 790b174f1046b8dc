package graph_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// TestWhoGetsEvents: a stream is for those who take nothing else.
func TestWhoGetsEvents(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		accept []string
		events bool
		status int
	}{
		{[]string{"text/event-stream"}, true, 200},
		{[]string{"Text/Event-Stream; charset=utf-8"}, true, 200},
		{[]string{"text/event-stream", "text/event-stream"}, true, 200},
		{[]string{"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"}, false, 200}, // urql
		{[]string{"text/event-stream", "application/json"}, false, 200},
		{[]string{"text/event-stream, */*"}, false, 200},
		{[]string{"text/event-stream, multipart/mixed"}, true, 200}, // urql, subscriptions
		{[]string{"text/event-stream, application/json;q=0"}, true, 200},
		{[]string{"text/event-stream;q=0, multipart/mixed"}, false, 406},
		{[]string{"text/event-stream, ;"}, true, 200},
		{[]string{"text/html"}, false, 406},
		{nil, false, 200},
	} {
		h := http.Header{"Content-Type": {jsonType}, "Accept": c.accept}
		a := f.send(http.MethodPost, `{"query": "{ __typename }"}`, h)
		got := a.header.Get("Content-Type") == "text/event-stream"
		if got != c.events || a.status != c.status || a.header.Get("Vary") != "Accept" {
			t.Errorf("%q: %d %v", c.accept, a.status, a.header)
		}
		if want := ":\n\nevent: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\nevent: complete\ndata: \n\n"; c.events && a.body != want {
			t.Errorf("%q", a.body)
		}
	}
}

// TestPlainSubscriptions: what cannot carry a stream refuses subscriptions.
func TestPlainSubscriptions(t *testing.T) {
	f := newFixture(t)
	const document = `subscription { userChanges { cursor } }`
	for _, mediaType := range []string{jsonType, graphqlType, graphqlType + ", text/event-stream"} {
		if a := f.send(http.MethodPost, request(t, document, nil), accepting(mediaType)); a.status != 400 || a.code(t) != "BAD_REQUEST" {
			t.Errorf("POST: %d %s", a.status, a.body)
		}
	}
	if a := f.get(http.MethodGet, "query", document); a.status != 400 || a.code(t) != "BAD_REQUEST" {
		t.Errorf("GET: %d %s", a.status, a.body)
	}
	if a := f.sendTo(f.url+"?query="+url.QueryEscape(document), http.MethodHead, "", http.Header{"Accept": {"text/event-stream"}}); a.status != 406 {
		t.Errorf("HEAD: %d", a.status)
	}
}

// TestEventsRefuseWhatIsNoRequest: as over plain HTTP, and with the status
// that tells.
func TestEventsRefuseWhatIsNoRequest(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		contentType, body string
		status            int
		code              string
	}{
		"no JSON":         {jsonType, "secret", 400, "MALFORMED_JSON"},
		"an array":        {jsonType, `["secret"]`, 400, "BAD_REQUEST"},
		"another type":    {"text/plain", `{"query": "{ __typename }"}`, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"too long a body": {jsonType, `{"query": "` + strings.Repeat(" ", 300<<10) + `"}`, 413, "BODY_TOO_LARGE"},
	} {
		a := f.send(http.MethodPost, c.body, http.Header{"Content-Type": {c.contentType}, "Accept": {"text/event-stream"}})
		if a.status != c.status || a.code(t) != c.code || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// TestEventsByGet: browsers' EventSource can send nothing else.
func TestEventsByGet(t *testing.T) {
	noLeaks(t)
	f := newFixture(t)
	get := func(document, variables string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"?"+url.Values{"query": {document}, "variables": {variables}}.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	live := f.open(get(follow, `{"after": "`+f.end().(string)+`"}`), func() {})
	f.create(ada())
	changeLines(t, live, 1)

	r := get(`mutation { deleteUser(input: {id: "`+id(1)+`"}) { deletedUserId } }`, "")
	a := f.sendTo(r.URL.String(), http.MethodGet, "", http.Header{"Accept": {"text/event-stream"}})
	if a.status != 405 || a.header.Get("Allow") != "POST" || a.code(t) != "METHOD_NOT_ALLOWED" {
		t.Errorf("a mutation: %d %s", a.status, a.body)
	}
}

// TestEventsWhileTheServerShutsDown: a subscription that comes too late ends
// without an error, so that the client goes elsewhere; all else is answered.
func TestEventsWhileTheServerShutsDown(t *testing.T) {
	noLeaks(t)
	drain, startDraining := context.WithCancel(t.Context())
	startDraining()
	f := newFixture(t, setup{config: graph.Config{Drain: drain}})
	f.create(ada())
	if m := f.listen(request(t, follow, vars{"after": f.end()})).receive(); m != (message{"closed", "EOF"}) {
		t.Errorf("got %v", m)
	}
	if m := f.listen(request(t, "{ __typename }", nil)).receive(); m.kind != "next" {
		t.Errorf("got %v", m)
	}
}

// brokenWriter is a response that cannot be written.
type brokenWriter struct {
	*httptest.ResponseRecorder
	panics bool
}

func (w brokenWriter) Write([]byte) (int, error) {
	if w.panics {
		panic("secret")
	}
	return 0, io.ErrClosedPipe
}

// TestEventsToNobody: a client that is gone ends its operation, and a panic
// outside of resolvers the connection.
func TestEventsToNobody(t *testing.T) {
	noLeaks(t)
	store := memory.New()
	defer store.Close()
	h := graph.New(service.New(store, service.Config{}), graph.Config{})
	serveTo := func(ctx context.Context, w http.ResponseWriter) {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/graphql?query="+url.QueryEscape("subscription { userChanges { cursor } }"), nil)
		r.Header.Set("Accept", "text/event-stream")
		h.ServeHTTP(w, r)
	}
	serveTo(t.Context(), brokenWriter{httptest.NewRecorder(), false})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	serveTo(gone, httptest.NewRecorder())
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	serveTo(t.Context(), brokenWriter{httptest.NewRecorder(), true})
}
