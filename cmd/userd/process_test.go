package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// beUserd makes the test binary behave as userd, so that tests can start the
// real program as a process of its own, race detector included. The name does
// not begin with USERD_: those are settings.
const beUserd = "TEST_BINARY_IS_USERD"

func TestMain(m *testing.M) {
	if os.Getenv(beUserd) != "" {
		main()
		return
	}
	if answer := os.Getenv(bareAnswer); answer != "" {
		fmt.Fprintln(os.Stderr, serveBare(os.Args[1], answer))
		os.Exit(1)
	}
	os.Exit(postgrestest.Main(m))
}

// deadline bounds how long a test waits for what should happen at once.
const deadline = 30 * time.Second

// process is a userd that runs as a process of its own.
type process struct {
	cmd *exec.Cmd
	// base is the server's base URL.
	base      string
	listening chan string // gets the address, once
	done      chan struct{}

	mu  sync.Mutex
	log bytes.Buffer // guarded by mu
}

// userd is a command that has not started yet, in a directory of its own.
func userd(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], args...)
	cmd.Env = append(os.Environ(), beUserd+"=1")
	cmd.Dir = t.TempDir()
	return cmd
}

// start starts a server on a free port and waits until it listens.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	p.awaitListening(t)
	return p
}

// launch starts a server on a free port.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{
		cmd:       userd(t, append([]string{"serve", "--addr=127.0.0.1:0", "--log-format=json"}, args...)...),
		done:      make(chan struct{}),
		listening: make(chan string, 1),
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("log of the server:\n%s", p.logged())
		}
	})
	go p.read(stderr)
	return p
}

// awaitListening waits until the server listens.
func (p *process) awaitListening(t testing.TB) {
	t.Helper()
	select {
	case addr := <-p.listening:
		p.base = "http://" + addr
	case <-p.done:
		t.Fatalf("the server ended: %s", p.logged())
	case <-time.After(deadline):
		t.Fatalf("the server does not listen: %s", p.logged())
	}
}

// read keeps what the process logs and sends the address it listens on.
func (p *process) read(stderr io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		fmt.Fprintln(&p.log, lines.Text())
		p.mu.Unlock()
		var line struct{ Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			p.listening <- line.Addr
		}
	}
	p.cmd.Wait() // its error is in ProcessState
}

// logged is what the process has logged so far.
func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop sends sig and returns the exit status.
func (p *process) stop(t testing.TB, sig syscall.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	return p.wait(t)
}

// wait waits for the process to end and returns its exit status; -1 when a
// signal ended it.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(deadline):
		t.Fatal("the server does not end")
		return 0
	}
}

// awaitLog waits until the process has logged text.
func (p *process) awaitLog(t testing.TB, text string) {
	t.Helper()
	await(t, "log line with "+text, func() bool { return strings.Contains(p.logged(), text) })
}

// await polls until ok is true.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(deadline)
	for !ok() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func isRoot() bool { return os.Getuid() == 0 }
