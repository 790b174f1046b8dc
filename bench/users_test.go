package bench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// idPrefix begins the ids of users; their numbers, in hexadecimal, follow.
const idPrefix = "00000000-0000-7000-8000-"

func userID(n int) string { return fmt.Sprintf("%s%012x", idPrefix, n) }

// rowsOf is a file of n users, as userd import reads it.
func rowsOf(t testing.TB, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "users.ndjson")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(w, `{"id":"%s","email":"user%d@example.com","first_name":"First%d","last_name":"Last%d","is_active":%t,"created_at":"2026-01-%02dT00:%02d:%02dZ"}`+"\n",
			userID(i), i, i%97, i*7919%10_007, i%10 != 0, 1+i/3600%28, i/60%60, i%60)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// fileOf is the database URL of a new file with n users.
func (l *lab) fileOf(t testing.TB, n int) (url string) {
	t.Helper()
	url = "file:" + filepath.Join(t.TempDir(), "users.db")
	l.fill(t, url, n)
	return url
}

// fill imports n users.
func (l *lab) fill(t testing.TB, url string, n int) {
	t.Helper()
	cmd := exec.Command(l.userd, "import", "--database-url="+url, rowsOf(t, n))
	cmd.Env = []string{}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("userd import: %v: %s", err, out)
	}
}
