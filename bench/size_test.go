package bench

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildUserd builds the program as the Dockerfile does.
func buildUserd(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "userd")
	cmd := exec.Command("go", "build", "-C", "..", "-trimpath", "-ldflags=-s -w", "-o", path, "./cmd/userd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

// counter counts the bytes that are written to it.
type counter float64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

// binary measures the program itself.
func (l *lab) binary(t *testing.T) {
	b, err := os.ReadFile(l.userd)
	if err != nil {
		t.Fatal(err)
	}
	var compressed counter
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l.note(t, "binary", float64(len(b))/1e6)
	l.note(t, "binary compressed, all but some KB of the image", float64(compressed)/1e6)
}

// million measures a file of many users: how it starts, what it takes, and its
// pages.
func (l *lab) million(t *testing.T) {
	small, large := "--database-url="+l.fileOf(t, few), "--database-url="+l.fileOf(t, l.manyUsers)
	empty := "--database-url=file:" + filepath.Join(t.TempDir(), "empty.db")
	var starts, largeStarts []float64
	for range l.rounds {
		for setting, into := range map[string]*[]float64{empty: &starts, large: &largeStarts} {
			s := l.startUserd(t, setting)
			*into = append(*into, s.started.Seconds())
			s.stop()
		}
	}
	for i := range starts {
		starts[i] *= 1000
	}
	l.note(t, "start to ready, empty", starts...)
	l.note(t, named("start to ready, %d users in a file", l.manyUsers), largeStarts...)

	smallOps, largeOps := freeAddress(t), freeAddress(t)
	fewUsers, manyUsers := l.startUserd(t, small, "--ops-addr="+smallOps), l.startUserd(t, large, "--ops-addr="+largeOps)
	l.note(t, "live heap for each user, indexes included", (liveHeap(t, largeOps)-liveHeap(t, smallOps))/float64(l.manyUsers-few))
	l.note(t, named(pagesFile, l.manyUsers), l.slowestPages(t, "Pages of 50, file", fewUsers, manyUsers)...)
	l.load(t, contender{name: "changes", server: manyUsers, script: puttingEmail(l.manyUsers)}, 3*l.turn)
	l.note(t, "longest GC pause under changes, a bound of its p99", 1000*metric(t, largeOps, `go_gc_duration_seconds{quantile="1"}`))
}

// liveHeap is what is in use after garbage is collected, in bytes.
func liveHeap(t testing.TB, ops string) float64 {
	t.Helper()
	get(t, "http://"+ops+"/debug/pprof/heap?gc=1")
	return metric(t, ops, "go_memstats_heap_alloc_bytes")
}

// metric is the value of a metric of the service.
func metric(t testing.TB, ops, name string) (value float64) {
	t.Helper()
	_, text := get(t, "http://"+ops+"/metrics")
	_, after, found := strings.Cut(string(text), "\n"+name+" ")
	if _, err := fmt.Fscan(io.LimitReader(strings.NewReader(after), 100), &value); !found || err != nil {
		t.Fatalf("no %s: %v", name, err)
	}
	return value
}
