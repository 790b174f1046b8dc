package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// runHere runs the command line inside the test's process.
func runHere(t *testing.T, environ []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, environ, &out, &errs)
	return status, out.String(), errs.String()
}

func TestWrongSettingsEndTheStartWithOneSentence(t *testing.T) {
	for _, tt := range []struct {
		name    string
		args    []string
		environ []string
		says    string
	}{
		{"unknown flag", []string{"--adr=:1"}, nil, "--adr"},
		{"unknown command", []string{"sevre"}, nil, "sevre"},
		{"stray argument", []string{"serve", "now"}, nil, "now"},
		{"unknown variable", nil, []string{"USERD_ADRESS=:1"}, "USERD_ADRESS"},
		{"address without port", []string{"--addr=localhost"}, nil, "HOST:PORT"},
		{"impossible port", []string{"--addr=localhost:70000"}, nil, "HOST:PORT"},
		{"impossible ops port", []string{"--ops-addr=localhost:70000"}, nil, "--ops-addr"},
		{"unknown database", []string{"--database-url=mysql://root:secret@db/users"}, nil, "database URL"},
		{"memory with a path", []string{"--database-url=memory:x"}, nil, "database URL"},
		{"file without a path", []string{"--database-url=file:"}, nil, "database URL"},
		{"file with a host", []string{"--database-url=file://host/x"}, nil, "host"},
		{"file with options", []string{"--database-url=file:x?mode=ro"}, nil, "database URL"},
		{"unknown log level", []string{"--log-level=loud"}, nil, "log-level"},
		{"unknown log format", []string{"--log-format=xml"}, nil, "log-format"},
		{"time without a unit", []string{"--read-timeout=15"}, nil, "read-timeout"},
		{"no time", []string{"--read-timeout=0s"}, nil, "--read-timeout"},
		{"no connections", []string{"--max-connections=0"}, nil, "--max-connections"},
		{"no body", []string{"--max-body-bytes=-1"}, nil, "--max-body-bytes"},
		{"several at once", []string{"--read-timeout=0s", "--write-timeout=-1s", "--hash-queue=0"}, nil, "--read-timeout"},
		{"a name for a proxy", []string{"--trusted-proxies=10.0.0.0/8,proxy"}, nil, "--trusted-proxies"},
		{"too wide a range of proxies", []string{"--trusted-proxies=10.0.0.0/33"}, nil, "--trusted-proxies"},
		{"negative slots", []string{"--hash-slots=-1"}, nil, "--hash-slots"},
		{"clock without a time", []string{"--fixed-clock=soon", "--database-url=memory:"}, nil, "--fixed-clock"},
		{"clock before all years", []string{"--fixed-clock=0001-01-01T00:00:00+01:00", "--database-url=memory:"}, nil, "--fixed-clock"},
		{"users who are kept, for tests", []string{"--deterministic-ids"}, nil, "--database-url=memory:"},
		{"hasty mail", []string{"--password-reset-lifetime=59s"}, nil, "--password-reset-lifetime must be from 1m0s to 24h0m0s"},
		{"secrets in mailboxes", []string{"--email-confirmation-lifetime=721h"}, nil, "--email-confirmation-lifetime must be from 1m0s to 720h0m0s"},
		{"shortest password over longest", []string{"--password-min-length=200"}, nil, "--password-min-length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := runHere(t, tt.environ, tt.args...)
			if status != exitUsage {
				t.Errorf("status %d, want %d", status, exitUsage)
			}
			if !strings.HasPrefix(stderr, "userd: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, tt.says) {
				t.Errorf("stderr %q, want one line that speaks of %q", stderr, tt.says)
			}
			if stdout != "" || strings.Contains(stderr, "secret") {
				t.Errorf("stdout %q, stderr %q: too much said", stdout, stderr)
			}
		})
	}
}

func TestWrongVariablesAreRefusedLikeFlags(t *testing.T) {
	for name, value := range map[string]string{
		"USERD_ADDR": "localhost", "DATABASE_URL": "postgre://u:secret@h/d", "USERD_LOG_LEVEL": "loud", "USERD_HASH_WAIT": "soon",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			status, _, stderr := runHere(t, []string{name + "=" + value})
			if status != exitUsage || strings.Contains(stderr, "secret") {
				t.Errorf("status %d, stderr %q", status, stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := runHere(t, nil, "--help")
	if status != exitOK || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	if _, serve, _ := runHere(t, nil, "serve", "--help"); !strings.HasSuffix(stdout, serve) {
		t.Error("the help does not include that of the default command")
	}
	for _, want := range []string{"--addr", "USERD_ADDR", ":8000", "--database-url", "DATABASE_URL", "file:userd.db", "USERD_LOG_LEVEL", "USERD_LOG_FORMAT", "--max-body-bytes"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help does not mention %s", want)
		}
	}
}

func TestVersion(t *testing.T) {
	status, stdout, _ := runHere(t, nil, "version")
	if status != exitOK || !strings.HasPrefix(stdout, "userd "+release) {
		t.Errorf("status %d, stdout %q", status, stdout)
	}
}

func TestVersionFlag(t *testing.T) {
	_, want, _ := runHere(t, nil, "version")
	if status, stdout, stderr := runHere(t, nil, "--version"); status != exitOK || stdout != want {
		t.Errorf("status %d, %q, %q; the command prints %q", status, stdout, stderr, want)
	}
}

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	status, _, stderr := runHere(t, nil, "--addr="+l.Addr().String(), "--database-url=memory:")
	if status != exitFailure || !strings.Contains(stderr, "address already in use") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

func TestServerSaysWhereItIs(t *testing.T) {
	p := start(t, "--database-url=memory:")
	p.awaitLog(t, p.base+"/docs")
	p.awaitLog(t, "memory only")
}

func TestHealthcheck(t *testing.T) {
	p := start(t, "--database-url=memory:")
	addr := strings.TrimPrefix(p.base, "http://")
	if status, stdout, stderr := runHere(t, nil, "healthcheck", "--addr="+addr); status != exitOK || stdout != "ready\n" {
		t.Errorf("of a ready server: status %d, %q, %q", status, stdout, stderr)
	}
	p.stop(t, syscall.SIGTERM)
	if status, _, stderr := runHere(t, nil, "healthcheck", "--addr="+addr); status != exitFailure || !strings.Contains(stderr, "not ready") {
		t.Errorf("of a stopped server: status %d, %q", status, stderr)
	}
}

// unfinished is a request in flight: its body has begun and waits for its end.
type unfinished struct {
	body   *io.PipeWriter
	answer chan *http.Response
}

// begin sends the head and part of the body of a request that creates a user.
func begin(t *testing.T, base string) unfinished {
	t.Helper()
	r, w := io.Pipe()
	u := unfinished{body: w, answer: make(chan *http.Response, 1)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/users", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue") // the body goes out only once the handler reads it
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: deadline}}
	go func() {
		defer close(u.answer)
		if resp, err := client.Do(req); err == nil {
			u.answer <- resp
		}
	}()
	if _, err := io.WriteString(w, `{"email": "slow@example.com", "first_name": "Slow",`); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u unfinished) finish(t *testing.T) *http.Response {
	t.Helper()
	if _, err := io.WriteString(u.body, ` "last_name": "Writer", "password": "a long enough one"}`); err != nil {
		t.Fatal(err)
	}
	u.body.Close()
	return <-u.answer
}

func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	p := start(t, "--database-url=memory:")
	request := begin(t, p.base)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.awaitLog(t, "shutting down")
	await(t, "the port to close", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	resp := request.finish(t)
	if resp == nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("the request in flight got %v", resp)
	}
	resp.Body.Close()
	if status := p.wait(t); status != exitOK {
		t.Errorf("status %d", status)
	}
}

func TestDrainingServerSaysSoAndStillServes(t *testing.T) {
	p := start(t, "--database-url=memory:", "--drain-delay=1h")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.awaitLog(t, "shutting down")
	await(t, "/readyz to say so", func() bool {
		resp, err := http.Get(p.base + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	if users := get(t, p.base+"/users"); users != "[]\n" {
		t.Errorf("users %q", users)
	}
	if status := p.stop(t, syscall.SIGTERM); status != -1 {
		t.Errorf("status %d, want an end by the second signal", status)
	}
}

func TestShutdownEndsAtItsDeadline(t *testing.T) {
	p := start(t, "--database-url=memory:", "--shutdown-timeout=50ms")
	begin(t, p.base)
	if status := p.stop(t, syscall.SIGINT); status != exitFailure || !strings.Contains(p.logged(), "still running") {
		t.Errorf("status %d", status)
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := start(t, "--database-url=memory:", "--shutdown-timeout=1h")
	begin(t, p.base)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.awaitLog(t, "shutting down")
	if status := p.stop(t, syscall.SIGTERM); status != -1 {
		t.Errorf("status %d, want an end by the signal", status)
	}
}
