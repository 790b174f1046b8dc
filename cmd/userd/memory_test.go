package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// released is the program as it is released: the race detector, which this
// test's own binary may have, takes several times the memory.
func released(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "userd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// memory is what the kernel calls by this name of the process's memory, in
// bytes: VmHWM is the most that was ever resident, RssFile what of it now is
// the program itself.
func (p *process) memory(t *testing.T, name string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("%v; log: %s", err, p.logged())
	}
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("%s", status)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// burst creates 64 users at once, and returns how many were created and how
// many refused for now.
func (p *process) burst(t *testing.T, n *atomic.Int64) (created, refused int64) {
	t.Helper()
	return atOnce(t, func() (int, string, error) { return create(t.Context(), http.DefaultClient, p.base, n.Add(1)) })
}

// signIns signs ada in 64 times at once.
func (p *process) signIns(t *testing.T) (signedIn, refused int64) {
	t.Helper()
	return atOnce(t, func() (int, string, error) {
		return postAt(t.Context(), http.DefaultClient, p.base+"/sessions", `{"email":"ada@example.com","password":"notes on the engine"}`)
	})
}

// atOnce does something 64 times at once, and returns how often it created
// something and how often it was refused for now.
func atOnce(t *testing.T, do func() (status int, retry string, err error)) (created, refused int64) {
	t.Helper()
	var served, later atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			switch status, retry, err := do(); {
			case status == http.StatusCreated:
				served.Add(1)
			case status == http.StatusServiceUnavailable && retry != "":
				later.Add(1)
			default:
				t.Errorf("%d, %v", status, err)
			}
		})
	}
	all.Wait()
	return served.Load(), later.Load()
}

// A burst takes no more memory than there are slots for.
func TestABurstStaysWithinItsMemory(t *testing.T) {
	program := released(t)
	for _, slots := range []int64{1, 2} {
		t.Run(fmt.Sprint(slots, " slots"), func(t *testing.T) {
			cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program,
				append(anyPort(), "--database-url=memory:", fmt.Sprint("--hash-slots=", slots))...)
			p := launchAs(t, cmd)
			p.awaitListening(t)
			get(t, p.base+"/users")
			idle, program := p.memory(t, "VmHWM"), p.memory(t, "RssFile")
			var n atomic.Int64
			for range 3 {
				if created, refused := p.burst(t, &n); created < slots || created+refused != 64 {
					t.Errorf("%d created, %d refused", created, refused)
				}
			}
			took := p.memory(t, "VmHWM") - idle - (p.memory(t, "RssFile") - program)
			t.Logf("%d slots: %.1f MiB idle, %.1f MiB more at most", slots, float64(idle)/(1<<20), float64(took)/(1<<20))
			if took > slots*64<<20 {
				t.Error("that is too much")
			}
		})
	}
}

// A server in a container of 64 MiB outlives bursts of creations and of sign-ins, on a file and with the
// settings that it has by default. Where the test may make no control group, it
// holds the server to what it would have in one.
func TestASmallServerSurvivesBursts(t *testing.T) {
	const memory = 64 << 20
	program := released(t)
	args := append(anyPort(), "--database-url=file:"+filepath.Join(t.TempDir(), "userd.db"))
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	group, limited := memoryGroup(t, memory)
	if limited {
		const enter = `echo $$ >"$0/cgroup.procs" && exec "$@"`
		cmd = exec.CommandContext(context.WithoutCancel(t.Context()), "sh", append([]string{"-c", enter, group, program}, args...)...)
	} else {
		cmd.Env = append(os.Environ(), fmt.Sprint("GOMEMLIMIT=", memory*9/10))
	}
	p := launchAs(t, cmd)
	p.awaitListening(t)
	if limited {
		p.awaitLog(t, "keeping to the container's memory")
	}
	var n atomic.Int64
	var created, refused int64
	for range 5 {
		c, r := p.burst(t, &n)
		created, refused = created+c, refused+r
	}
	withAda(t, caller{base: p.base})
	for range 5 {
		if signedIn, _ := p.signIns(t); signedIn < 1 {
			t.Error("nobody was signed in")
		}
	}
	get(t, p.base+"/users")
	peak, file := p.memory(t, "VmHWM"), p.memory(t, "RssFile")
	t.Logf("%d created, %d refused, %.1f MiB at most, of which the program is %.1f; in a control group: %v", created, refused, float64(peak)/(1<<20), float64(file)/(1<<20), limited)
	if created < 5 || !limited && peak-file > memory {
		t.Error("it did not keep to its memory")
	}
}

// memoryGroup makes a control group with so much memory below the test's own,
// if the test may.
func memoryGroup(t *testing.T, bytes int64) (dir string, ok bool) {
	t.Helper()
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		root, file := "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		switch {
		case len(parts) != 3 || parts[0] != "0" && parts[1] != "memory":
			continue
		case parts[0] == "0":
			root, file = "/sys/fs/cgroup", "memory.max"
		}
		dir = filepath.Join(root, parts[2], fmt.Sprint("userd-test-", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			if err := os.Remove(dir); err != nil {
				t.Error(err)
			}
		})
		if os.WriteFile(filepath.Join(dir, file), fmt.Append(nil, bytes), 0o644) == nil {
			return dir, true
		}
	}
	return "", false
}
