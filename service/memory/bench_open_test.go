package memory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/memory/journal"
)

// openVariable names the file that the test binary only opens, to tell what
// that takes: memory is a process's, and so it has to be one of its own.
const openVariable = "TEST_OPEN_FILE"

// opening is what it takes to open a file.
type opening struct {
	Seconds float64
	// MiB and PeakMiB are the resident memory right afterwards and the most
	// there was at any time.
	MiB, PeakMiB float64
}

func openProcess(path string, out io.Writer) error {
	began := time.Now()
	s, err := memory.Open(context.Background(), path, memory.Config{})
	if err != nil {
		return err
	}
	defer s.Close()
	o := opening{Seconds: time.Since(began).Seconds()}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil {
			o.MiB = kib / 1024
		} else if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			o.PeakMiB = kib / 1024
		}
	}
	return json.NewEncoder(out).Encode(o)
}

// BenchmarkOpenMillionUsers opens a file with a million users, whose names and
// addresses are in no order, with a full change log.
//
//	go test ./service/memory -run '^$' -bench OpenMillion -benchtime 3x -timeout 30m
func BenchmarkOpenMillionUsers(b *testing.B) {
	path := filepath.Join(b.TempDir(), "users.db")
	makeUsers(b, path, 1_000_000)
	var o opening
	b.ResetTimer()
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), openVariable+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		var this opening
		if err := json.Unmarshal(out, &this); err != nil {
			b.Fatal(err)
		}
		o = opening{max(o.Seconds, this.Seconds), max(o.MiB, this.MiB), max(o.PeakMiB, this.PeakMiB)}
	}
	b.ReportMetric(o.Seconds, "s-open")
	b.ReportMetric(o.MiB, "MiB-resident")
	b.ReportMetric(o.PeakMiB, "MiB-peak")
	b.ReportMetric(0, "ns/op")
}

// makeUsers fills a new file with n users as a service would that has hashed
// their passwords.
func makeUsers(b *testing.B, path string, n int) {
	b.Helper()
	j, err := journal.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	if err := j.Load(b.Context(), func(*service.Record) {}); err != nil {
		b.Fatal(err)
	}
	if err := j.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	const keep, batch = 100_000, 5_000
	random := rand.New(rand.NewPCG(1, 1))
	for from := 0; from < n; from += batch {
		entries := make([]journal.Entry, batch)
		for i := range entries {
			r := somebody(random, from+i)
			c := service.NewChange(nil, r, r.User.CreatedAt, service.Origin{Actor: "anonymous"})
			c.Seq = int64(from + i + 1)
			entries[i] = journal.Entry{New: r, Change: c}
		}
		if err := j.Commit(entries, max(1, int64(from+batch-keep+1))); err != nil {
			b.Fatal(err)
		}
	}
}

func somebody(random *rand.Rand, n int) *service.Record {
	first, last := word(random), word(random)
	email := fmt.Sprintf("%s.%s%d@example.com", first, last, n)
	at := time.UnixMicro(1_700_000_000_000_000 + int64(n)*1000).UTC()
	id := uuid.Must(uuid.NewV7())
	hash := make([]byte, 32)
	for i := range hash {
		hash[i] = byte(random.Uint32())
	}
	return &service.Record{
		User: service.User{ID: id, Email: email, FirstName: strings.ToUpper(first[:1]) + first[1:], LastName: strings.ToUpper(last[:1]) + last[1:],
			IsActive: n%10 > 0, Version: 1, CreatedAt: at, UpdatedAt: at},
		Keys:         service.Keys{Email: email, FirstName: first, LastName: last},
		PasswordHash: fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=1$%x$%x", hash[:11], hash[:21]),
	}
}

// word is a name of one of a few thousand.
func word(random *rand.Rand) string {
	const syllables = "balecodifuganohepikorumasetilu"
	var b strings.Builder
	for range 2 + random.IntN(3) {
		n := 2 * random.IntN(len(syllables)/2)
		b.WriteString(syllables[n : n+2])
	}
	return b.String()
}
