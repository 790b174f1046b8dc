package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"

	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// collector takes spans by OTLP over HTTP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	text  strings.Builder // guarded by mu; all that has come, as text
	spans []*spans.Span   // guarded by mu
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := new(collector)
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var data spans.TracesData
	body, err := io.ReadAll(r.Body)
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Api-Key") != "the key" || proto.Unmarshal(body, &data) != nil {
		http.Error(w, "not what a collector takes", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(data.String())
	for _, r := range data.ResourceSpans {
		for _, s := range r.ScopeSpans {
			c.spans = append(c.spans, s.Spans...)
		}
	}
}

// children are the names of the spans of a trace by the names of their parents.
func (c *collector) children(trace string) map[string][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names, children := make(map[string]string), make(map[string][]string)
	for _, s := range c.spans {
		names[string(s.SpanId)] = s.Name
	}
	for _, s := range c.spans {
		if hex.EncodeToString(s.TraceId) == trace {
			parent := names[string(s.ParentSpanId)]
			children[parent] = append(children[parent], s.Name)
		}
	}
	return children
}

// want demands that a span has a child whose name begins like this.
func want(t *testing.T, children map[string][]string, parent, child string) {
	t.Helper()
	for _, name := range children[parent] {
		if strings.HasPrefix(name, child) {
			return
		}
	}
	t.Errorf("%q has no child %q: %q", parent, child, children)
}

func TestTracesReachACollector(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=the%20key")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
	p := start(t, "--database-url="+postgrestest.URL(t))
	const trace1, trace2 = "0af7651916cd43dd8448eb211c80319c", "1af7651916cd43dd8448eb211c80319c"
	ask(t, "POST", p.base+"/users", `{"email":"secret@example.com","first_name":"Secretia","last_name":"Secret","password":"very secret words"}`,
		"Traceparent", "00-"+trace1+"-b7ad6b7169203331-01")
	ask(t, "POST", p.base+"/graphql", `{"query":"query Find { users(first: 1, filter: {query: \"secret\"}) { nodes { email } } }"}`,
		"Traceparent", "00-"+trace2+"-b7ad6b7169203331-01")
	r, err := http.Get(p.base + "/users?q=secret")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	own := strings.Split(r.Header.Get("Traceresponse"), "-")
	if status := p.stop(t, syscall.SIGTERM); status != exitOK || len(own) != 4 {
		t.Fatalf("status %d, trace %q", status, own)
	}

	created := c.children(trace1)
	want(t, created, "", "POST /users")
	want(t, created, "POST /users", "store create_user")
	want(t, created, "store create_user", "batch")
	found := c.children(trace2)
	want(t, found, "", "POST /graphql")
	want(t, found, "POST /graphql", "query Find")
	want(t, found, "query Find", "store list_users")
	want(t, found, "store list_users", "SELECT")
	want(t, c.children(own[1]), "", "GET /users")
	for _, text := range []string{"secret@", "Secretia", "very secret", "q=secret"} {
		if strings.Contains(c.text.String(), text) {
			t.Errorf("spans hold %q", text)
		}
	}
	for _, text := range []string{"deployment.environment", "service.version", "userd.request_id"} {
		if !strings.Contains(c.text.String(), text) {
			t.Errorf("spans lack %q", text)
		}
	}
}

func TestServerGoesOnWithoutACollector(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	p := start(t, "--database-url=memory:")
	get(t, p.base+"/users")
	if status := p.stop(t, syscall.SIGTERM); status != exitOK || strings.Count(p.logged(), "spans could not be sent") != 1 {
		t.Errorf("status %d", status)
	}
}

func TestWrongTracingSettings(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		"OTEL_EXPORTER_OTLP_HEADERS": "secret", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(name, value)
			status, _, stderr := runHere(t, nil, "--addr=127.0.0.1:0", "--database-url=memory:", "--log-level=error")
			if status != exitUsage || !strings.Contains(stderr, name) || strings.Contains(stderr, "secret") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, stderr %q", status, stderr)
			}
		})
	}
}
