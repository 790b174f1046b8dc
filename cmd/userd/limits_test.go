package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/service"
)

// serveSettings are the settings of a command line.
func serveSettings(t *testing.T, args ...string) serveCmd {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"serve"}, args...)); err != nil {
		t.Fatal(err)
	}
	return c.Serve
}

// frozen serves what the program serves by these settings, on a service whose
// clock stands still, so that nobody saves up anything. It returns the URL.
func frozen(t *testing.T, rates service.RateLimits, args ...string) string {
	t.Helper()
	now := time.Now()
	svc := service.New(teststore.Open(t, 0), service.Config{Rates: rates, Now: func() time.Time { return now }})
	settings := serveSettings(t, args...)
	server := httptest.NewServer(settings.newHandler(svc, handlerConfig{log: slog.New(slog.DiscardHandler), drain: t.Context(),
		telemetry: telemetry.New("test", noop.NewTracerProvider())}))
	t.Cleanup(server.Close)
	return server.URL
}

// answered is what a request comes to: its status, Retry-After, and the
// service's code of each error.
func answered(t *testing.T, method, url, body string, header ...string) (status int, retry string, codes []string) {
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
	var a struct {
		Code   string
		Data   map[string]struct{ Errors []struct{ Code string } }
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	if a.Code != "" {
		codes = append(codes, a.Code)
	}
	for _, e := range a.Errors {
		codes = append(codes, e.Extensions.Code)
	}
	for _, payload := range a.Data {
		for _, e := range payload.Errors {
			codes = append(codes, e.Code)
		}
	}
	return resp.StatusCode, resp.Header.Get("Retry-After"), codes
}

const nobodysUser = "0198c0de-0000-7000-8000-0123456789ab"

// aliased is one request with n operations.
func aliased(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d: deleteUser(input: {id: \"%s\"}) { errors { code } }`, i, nobodysUser)
	}
	return `{"query": "mutation {` + b.String() + ` }"}`
}

// A hundred aliases in one request are a hundred operations, and what is spent
// over one transport is spent over the other.
func TestBothTransportsSpendOneAllowance(t *testing.T) {
	base := frozen(t, service.RateLimits{Writes: 11}, "--graphql-max-root-fields=100", "--graphql-max-aliases=100", "--graphql-max-tokens=5000")
	if _, _, codes := answered(t, "POST", base+"/graphql", aliased(100)); len(codes) != 100 || strings.Join(codes, "") != strings.Repeat("USER_NOT_FOUND", 100) {
		t.Fatalf("a hundred operations come to %q", codes)
	}
	for range 10 {
		if status, _, codes := answered(t, "DELETE", base+"/users/"+nobodysUser, ""); status != 404 {
			t.Fatalf("%d %q although there is something left", status, codes)
		}
	}
	for range 2 {
		if status, retry, codes := answered(t, "DELETE", base+"/users/"+nobodysUser, ""); status != 429 || retry != "1" || fmt.Sprint(codes) != "[RATE_LIMITED]" {
			t.Errorf("REST: %d, retry after %q, %q", status, retry, codes)
		}
		if status, _, codes := answered(t, "POST", base+"/graphql", aliased(1)); status != 200 || fmt.Sprint(codes) != "[RATE_LIMITED]" {
			t.Errorf("GraphQL: %d %q", status, codes)
		}
	}
	if status, _, _ := answered(t, "GET", base+"/users/"+nobodysUser, ""); status != 404 {
		t.Errorf("reading: %d", status)
	}
}

func TestRetryAfterIsToldByGraphQLToo(t *testing.T) {
	base := frozen(t, service.RateLimits{Writes: 1}, "--graphql-max-root-fields=100")
	_, body := ask(t, "POST", base+"/graphql", aliased(11))
	if !strings.Contains(body, `"code":"RATE_LIMITED"`) || !strings.Contains(body, `"retryAfter":1`) {
		t.Error(body)
	}
}

// Refreshing takes no credentials, and each address may do so many of its own.
func TestRefreshingIsCountedByAddress(t *testing.T) {
	for name, refresh := range map[string]struct{ path, body, wrong string }{
		"REST":    {"/sessions/refresh", `{"refresh_token": "guess"}`, "[UNAUTHENTICATED]"},
		"GraphQL": {"/graphql", `{"query": "mutation { refreshSession(input: {refreshToken: \"guess\"}) { grant { accessToken } } }"}`, "[UNAUTHENTICATED]"},
	} {
		t.Run(name, func(t *testing.T) {
			base := frozen(t, service.RateLimits{Writes: 1}, "--trusted-proxies=127.0.0.1")
			try := func(client string) string {
				_, _, codes := answered(t, "POST", base+refresh.path, refresh.body, "X-Forwarded-For", client)
				return fmt.Sprint(codes)
			}
			for range 10 {
				if got := try("198.51.100.1"); got != refresh.wrong {
					t.Fatal(got)
				}
			}
			if got := try("198.51.100.1"); got != "[RATE_LIMITED]" {
				t.Errorf("after ten guesses: %s", got)
			}
			if got := try("198.51.100.2"); got != refresh.wrong {
				t.Errorf("from another address: %s", got)
			}
		})
	}
}

// Nobody gets another allowance by saying that it were somebody else; behind a
// trusted proxy each client has its own.
func TestAllowancesAreThoseOfAddressesThatCanBeTrusted(t *testing.T) {
	remove := func(base, client string) int {
		status, _, _ := answered(t, "DELETE", base+"/users/"+nobodysUser, "", "X-Forwarded-For", client, "Forwarded", "for="+client, "X-Real-Ip", client)
		return status
	}
	for _, tt := range []struct {
		name string
		args []string
		last int
	}{
		{"nobody is trusted", nil, 429},
		{"another proxy is trusted", []string{"--trusted-proxies=192.0.2.0/24,2001:db8::1"}, 429},
		{"the proxy is trusted", []string{"--trusted-proxies=192.0.2.0/24,127.0.0.1"}, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := frozen(t, service.RateLimits{Writes: 1}, tt.args...)
			for i := range 10 {
				if status := remove(base, fmt.Sprint("198.51.100.", i)); status != 404 {
					t.Fatalf("client %d gets %d", i, status)
				}
			}
			if status := remove(base, "198.51.100.10"); status != tt.last {
				t.Errorf("the eleventh gets %d, want %d", status, tt.last)
			}
		})
	}
}

// The program limits writes unless it is told otherwise, and reads if it is.
func TestRateLimitsAreSettings(t *testing.T) {
	p := start(t, "--database-url=memory:", "--rate-limit-reads=1")
	limited := false
	for range 100 {
		status, retry, _ := answered(t, "GET", p.base+"/users/"+nobodysUser, "")
		limited = limited || status == 429 && retry == "1"
	}
	if !limited {
		t.Error("a hundred reads are let through")
	}
	for name, args := range map[string][]string{"by default": nil, "when told": {"--rate-limit-writes=5"}, "off": {"--rate-limit-writes=0"}} {
		want := map[string]int{"by default": 1000, "when told": 5, "off": 0}[name]
		settings := serveSettings(t, args...)
		if config, err := settings.serviceConfig(t.Context(), slog.New(slog.DiscardHandler)); err != nil || config.Rates != (service.RateLimits{Writes: want}) {
			t.Errorf("%s: %+v, %v", name, config.Rates, err)
		}
	}
}

func TestStreamsOfAnActorAreBounded(t *testing.T) {
	p := start(t, "--database-url=memory:", "--max-feeds=2")
	for range 2 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.base+"/changes", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		resp, err := http.DefaultClient.Do(r)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		defer resp.Body.Close()
	}
	if status, retry, codes := answered(t, "GET", p.base+"/changes", "", "Accept", "text/event-stream"); status != 429 || retry != "1" || fmt.Sprint(codes) != "[RATE_LIMITED]" {
		t.Errorf("the third stream: %d, retry after %q, %q", status, retry, codes)
	}
	_, body := ask(t, "POST", p.base+"/graphql", `{"query": "subscription { userChanges { kind } }"}`, "Accept", "text/event-stream")
	if !strings.Contains(body, `"RATE_LIMITED"`) || !strings.Contains(body, "At most 2 streams") {
		t.Errorf("a subscription: %s", body)
	}
}

func TestPagesAreBounded(t *testing.T) {
	p := start(t, "--database-url=memory:", "--max-page-size=10")
	for limit, want := range map[string]int{"10": 200, "11": 400, "2147483647": 400, "99999999999999999999": 400, "-1": 400} {
		for _, path := range []string{"/users", "/changes"} {
			if status, body := ask(t, "GET", p.base+path+"?limit="+limit, ""); status != want {
				t.Errorf("%s of %s: %d %s", path, limit, status, body)
			}
		}
	}
	if status, _, codes := answered(t, "POST", p.base+"/graphql", `{"query": "{ users(first: 11) { totalCount } }"}`); status != 200 || fmt.Sprint(codes) != "[INVALID_INPUT]" {
		t.Errorf("GraphQL: %d %q", status, codes)
	}
	get(t, p.base+"/users")
}

// Each setting is the limit that it names, and the defaults are the handler's.
func TestGraphQLLimitsAreSettings(t *testing.T) {
	defaults := serveSettings(t)
	if got, want := defaults.graphqlSettings.limits(256<<10), (graph.Limits{}).WithDefaults(); got != want {
		t.Errorf("the defaults are %+v, want %+v", got, want)
	}
	flags := reflect.TypeFor[graphqlSettings]()
	for i := range flags.NumField() {
		flag := flags.Field(i).Tag.Get("name")
		if flag == "" {
			flag = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(flags.Field(i).Tag.Get("env"), "USERD_"), "_", "-"))
		}
		changed := serveSettings(t, "--"+flag+"=7")
		got, want := reflect.ValueOf(changed.graphqlSettings.limits(7)), reflect.ValueOf(defaults.graphqlSettings.limits(7))
		limit := strings.NewReplacer("graphql-", "", "max-", "", "-", "").Replace(flag)
		for f := range got.NumField() {
			name := got.Type().Field(f).Name
			if differs := !got.Field(f).Equal(want.Field(f)); differs != strings.EqualFold(name, limit) {
				t.Errorf("--%s=7 makes %s %v", flag, name, got.Field(f))
			}
		}
		if status, _, stderr := runHere(t, nil, "--"+flag+"=0"); status != exitUsage || !strings.Contains(stderr, "--"+flag+" must be greater than zero") {
			t.Errorf("--%s=0: %d %s", flag, status, stderr)
		}
	}
	if status, body := ask(t, "POST", frozen(t, service.RateLimits{}, "--graphql-max-tokens=7")+"/graphql", `{"query": "{ users { nodes { id } } }"}`); status != 200 || !strings.Contains(body, `"limit":"tokens"`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	p := start(t, "--database-url=memory:", "--max-connections=3", "--idle-timeout=1h")
	const request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	var taken []net.Conn
	for range 3 {
		conn := p.open(t, request)
		if status, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(status, "200") {
			t.Fatal(status, err)
		}
		taken = append(taken, conn)
	}
	fourth := p.open(t, request)
	if err := fourth.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if status, err := bufio.NewReader(fourth).ReadString('\n'); err == nil {
		t.Fatalf("the fourth connection is served: %s", status)
	}
	taken[0].Close()
	if err := fourth.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	if status, err := bufio.NewReader(fourth).ReadString('\n'); err != nil || !strings.Contains(status, "200") {
		t.Errorf("once there is room: %q, %v", status, err)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	p := start(t, "--database-url=memory:", "--idle-timeout=100ms")
	conn := p.open(t, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("it is not closed: %v", err)
	}
}

// A client that sends requests and takes no answers is cut off.
func TestClientsThatDoNotReadAreCutOff(t *testing.T) {
	p := start(t, "--database-url=memory:", "--write-timeout=300ms")
	conn := p.open(t, "")
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	requests := []byte(strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", 100))
	if err := conn.SetWriteDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	for range 10_000 { // until the server, which is stuck with its answers, closes
		if _, err := io.Copy(conn, bytes.NewReader(requests)); err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Errorf("it is not cut off: %v", err)
			}
			return
		}
	}
	t.Error("all requests were taken")
}
