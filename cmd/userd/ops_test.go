package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// startWithOps starts a server with an ops address and returns the latter's
// base URL.
func startWithOps(t *testing.T, args ...string) (p *process, ops string) {
	t.Helper()
	p = start(t, append([]string{"--ops-addr=127.0.0.1:0"}, args...)...)
	for line := range strings.Lines(p.logged()) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening for operators" {
			return p, "http://" + entry.Addr
		}
	}
	t.Fatalf("no ops address: %s", p.logged())
	return nil, ""
}

// ask sends a request with a body, which is JSON or text, and returns the
// answer's status and body.
func ask(t testing.TB, method, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func TestLogLevelChangesWhileTheServerRuns(t *testing.T) {
	p, ops := startWithOps(t, "--database-url=memory:")
	for _, step := range []struct{ level, path string }{{"error", "/users"}, {"info", "/changes"}} {
		if status, _ := ask(t, "PUT", ops+"/log-level", step.level); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		get(t, p.base+step.path)
	}
	p.awaitLog(t, `"route":"/changes"`)
	if strings.Contains(p.logged(), `"route":"/users"`) {
		t.Error("what was below the level is logged")
	}
}

func TestOpsPagesAreOnTheOpsAddressAlone(t *testing.T) {
	p, ops := startWithOps(t, "--database-url=memory:")
	for _, path := range []string{"/log-level", "/debug/pprof/", "/metrics"} {
		if status, _ := ask(t, "GET", p.base+path, ""); status != http.StatusNotFound {
			t.Errorf("clients get %s: %d", path, status)
		}
	}
	if status, _ := ask(t, "GET", ops+"/users", ""); status != http.StatusNotFound {
		t.Errorf("the ops address serves users: %d", status)
	}
	if status := p.stop(t, syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d", status)
	}
}

func TestTakenOpsPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	status, _, stderr := runHere(t, nil, "--addr=127.0.0.1:0", "--ops-addr="+l.Addr().String(), "--database-url=memory:", "--log-level=error")
	if status != exitFailure || !strings.Contains(stderr, "listen for operators") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

func TestAccessLogSaysWhatHappenedAndNothingPersonal(t *testing.T) {
	p := start(t, "--database-url=memory:", "--log-level=debug")
	status, created := ask(t, "POST", p.base+"/users", `{"email":"secret@example.com","first_name":"Secretia","last_name":"Secret","password":"very secret words"}`,
		"X-Request-Id", "r1", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, created)
	}
	ask(t, "POST", p.base+"/users", created)
	ask(t, "POST", p.base+"/graphql", `{"query":"{ users(first: 1, filter: {query: \"secret\"}) { nodes { email } } }"}`)
	for _, path := range []string{"/users?q=secret", "/users?email=secret@example.com", "/users/secret", "/secret", "/graphql?query={secret}"} {
		ask(t, "GET", p.base+path, "")
	}
	p.awaitLog(t, `"status":404`)
	await(t, "a line for each request", func() bool { return strings.Count(p.logged(), `"msg":"request"`) == 8 })
	if log := strings.ToLower(p.logged()); strings.Contains(log, "secret") {
		t.Errorf("the log holds what was sent")
	}
	for line := range strings.Lines(p.logged()) {
		if !strings.Contains(line, `"request_id":"r1"`) {
			continue
		}
		for _, want := range []string{`"method":"POST"`, `"route":"/users"`, `"status":201`, `"bytes":2`, `"duration_ms":`,
			`"actor":"anonymous"`, `"trace_id":"0af7651916cd43dd8448eb211c80319c"`} {
			if !strings.Contains(line, want) {
				t.Errorf("%s lacks %s", line, want)
			}
		}
		return
	}
	t.Error("nothing was logged under the request's id")
}

func TestMetricsOfARunningServer(t *testing.T) {
	p, ops := startWithOps(t, "--database-url=file:"+filepath.Join(t.TempDir(), "userd.db"))
	status, answer := ask(t, "POST", p.base+"/users", `{"email":"ada@example.com","first_name":"Ada","last_name":"L","password":"notes on the engine"}`)
	if status != http.StatusCreated {
		t.Fatal(answer)
	}
	metrics := get(t, ops+"/metrics")
	for _, want := range []string{
		`userd_http_requests_total{code="201",method="POST",route="/users"} 1`,
		`userd_commit_duration_seconds_count 1`, `userd_committed_changes_total 1`,
		`userd_store_call_duration_seconds_count{method="create_user"} 1`, `userd_hashing_total 1`,
		`userd_file_bytes{part="database"} `, `userd_file_bytes{part="wal"} `, `userd_build_info{`, `userd_store_up 1`,
	} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestMetricsOfAServerOnPostgreSQL(t *testing.T) {
	p, ops := startWithOps(t, "--database-url="+postgrestest.URL(t))
	get(t, p.base+"/users")
	if metrics := get(t, ops+"/metrics"); !strings.Contains(metrics, "\nuserd_postgres_acquires_total ") {
		t.Error("there is nothing about connections")
	}
}
