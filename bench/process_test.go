package bench

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is a process, and those that it has started, that serves HTTP.
type server struct {
	base string
	pid  int
	// started is how long it took until it answered.
	started time.Duration
	cmd     *exec.Cmd
}

// serve runs cmd until the test ends, and waits until it answers a GET of the
// path ready with anything but a failure of its own.
func serve(t testing.TB, cmd *exec.Cmd, address, ready string) *server {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{base: "http://" + address, pid: cmd.Process.Pid, cmd: cmd}
	t.Cleanup(s.stop)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for answered := false; !answered; s.started = time.Since(began) {
		if s.started > 2*time.Minute {
			s.stop()
			t.Fatalf("%s does not answer: %s", cmd, &log)
		}
		resp, err := client.Get(s.base + ready)
		if err != nil {
			time.Sleep(time.Millisecond) // it is not there yet; there is nothing else to wait for
			continue
		}
		resp.Body.Close()
		answered = resp.StatusCode < 500
	}
	return s
}

// stop ends the process at once; a second time does nothing.
func (s *server) stop() {
	if s.cmd.ProcessState == nil {
		_ = syscall.Kill(-s.pid, syscall.SIGKILL)
		_ = s.cmd.Wait() // says that it was killed
	}
}

// ticksASecond is the unit of times in /proc, the same on all of Linux.
const ticksASecond = 100

// cpu is the time that the server's processes have computed.
func (s *server) cpu() (total time.Duration) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // fails for wrong patterns alone
	for _, path := range stats {
		stat, _ := os.ReadFile(path) // empty when the process has ended meanwhile
		_, afterName, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(afterName); len(f) > 12 && f[2] == strconv.Itoa(s.pid) {
			user, _ := strconv.Atoi(f[11]) // numbers, says proc(5)
			system, _ := strconv.Atoi(f[12])
			total += time.Duration(user+system) * time.Second / ticksASecond
		}
	}
	return total
}

// memory is a value of /proc/PID/status: VmRSS is what is resident, and VmHWM
// the most that ever was. It is in bytes.
func (s *server) memory(t testing.TB, name string) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if _, err := fmt.Sscanf(line, name+": %f kB", &kib); err == nil {
			return kib * 1024
		}
	}
	t.Fatalf("no %s in %s", name, status)
	return 0
}

// startUserd starts the service with these settings on a free port. It is as it
// is installed, but for what one client may do: here one does all there is to do.
func (l *lab) startUserd(t testing.TB, args ...string) *server {
	t.Helper()
	address := freeAddress(t)
	cmd := exec.Command(l.userd, append([]string{"serve", "--addr=" + address, "--log-level=warn", "--rate-limit-writes=0", "--max-feeds=100000"}, args...)...)
	cmd.Env = []string{} // settings of the shell do not reach it
	cmd.Dir = t.TempDir()
	return serve(t, cmd, address, "/readyz")
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get is the answer to a GET, which must succeed.
func get(t testing.TB, url string) (http.Header, []byte) {
	t.Helper()
	return send(t, http.MethodGet, url, "")
}

func send(t testing.TB, method, url, body string) (http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		t.Fatalf("%s %s: %s: %s %v", method, url, resp.Status, answer, err)
	}
	return resp.Header, answer
}
