package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// bareAnswer has the test binary be a bare server, of this answer.
const bareAnswer = "TEST_BINARY_IS_BARE_SERVER"

// answer is what a bare server answers.
type answer struct {
	Header http.Header
	Body   []byte
	// Log is the file that each request is appended to before it is answered;
	// "" means none.
	Log string
}

// startBare starts a server that writes the same bytes whatever it is asked:
// what is left is all that the service can be to blame for.
func startBare(t testing.TB, a answer) *server {
	t.Helper()
	a.Header.Del("Date") // each server tells its own
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	cmd := exec.Command(os.Args[0], address)
	cmd.Env = append(os.Environ(), bareAnswer+"="+string(text))
	s := serve(t, cmd, address, "/")
	if a.Log == "" {
		header, body := get(t, s.base)
		header.Del("Date")
		if !maps.EqualFunc(header, a.Header, slices.Equal) || !bytes.Equal(body, a.Body) {
			t.Fatalf("the bare server answers %v %s instead of %v %s", header, body, a.Header, a.Body)
		}
	}
	return s
}

// serveBare is the bare server.
func serveBare(address, text string) error {
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return err
	}
	before := func(*http.Request) error { return nil }
	if a.Log != "" {
		f, err := os.Create(a.Log)
		if err != nil {
			return err
		}
		l := &appended{f: f}
		before = func(r *http.Request) error {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return err
			}
			return l.append()
		}
	}
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := before(r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		for name, values := range a.Header {
			h[name] = values
		}
		_, _ = w.Write(a.Body) // whoever is gone does not count
	}))
}

// appended is a file of records; whoever comes while it waits for the disk
// shares the next fdatasync.
type appended struct {
	f *os.File

	disk sync.Mutex // held by the one that writes

	mu   sync.Mutex
	next *group // guarded by mu; those who wait for the disk
}

type group struct {
	records []byte
	once    sync.Once
	err     error
}

func (a *appended) append() error {
	var record [400]byte // what a user and a change take
	a.mu.Lock()
	if a.next == nil {
		a.next = new(group)
	}
	g := a.next
	g.records = append(g.records, record[:]...)
	a.mu.Unlock()
	g.once.Do(func() { g.err = a.write(g) })
	return g.err
}

// write writes g, which nobody joins any more once it is its turn.
func (a *appended) write(g *group) error {
	a.disk.Lock()
	defer a.disk.Unlock()
	a.mu.Lock()
	a.next = nil
	a.mu.Unlock()
	if _, err := a.f.Write(g.records); err != nil {
		return err
	}
	return syscall.Fdatasync(int(a.f.Fd()))
}
