package journal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// flips is how many single bits are turned round, one at a time. The long form is
//
//	FLIPS=1000 go test ./service/memory/journal -run 'Flipped|WriteAhead' -v
func flips(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FLIPS")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatal("FLIPS must be a number greater than 0")
	}
	return n
}

// bigger is the path of a closed file whose users, changes and items fill many
// pages, and what it holds.
func bigger(t *testing.T) (path string, all opened) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "users.db")
	j, _ := mustReady(t, path)
	commitSome(t, j, 1, 60)
	closed(t, j)
	j, users := mustReady(t, path)
	all = contents(t, j, users)
	closed(t, j)
	return path, all
}

// contents is what j holds, users among it.
func contents(t *testing.T, j *Journal, users []service.Record) opened {
	return opened{users: users, log: changes(t, j, uuid.Nil), items: itemsIn(t, j)}
}

// firstOf is what there was when the log had n changes.
func (o opened) firstOf(n int) opened {
	return opened{users: o.users[:n], log: o.log[:n], items: o.items[:n]}
}

// commitSome creates n users, each with a change of its own and an item.
func commitSome(t *testing.T, j *Journal, seq int64, n int) {
	t.Helper()
	for i := range n {
		r := user(int(seq) + i)
		r.User.FirstName = strings.Repeat("x", 50+i)
		must(t, j.Commit([]Entry{step(seq+int64(i), nil, r)}, 0, put(item(byte(int(seq)+i), strings.Repeat("y", 50+i)))))
	}
}

// memoryDir is a new directory, on a file system in memory where there is one:
// these tests open files by the thousand, and whether they reach a disk is not
// what they are about.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "userd-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// opened is what a damaged copy of a file turned out to be.
type opened struct {
	refusal error
	users   []service.Record
	log     []service.Change
	items   []service.Item
}

// tryFiles opens a copy of these files in a new directory. Whatever is in
// them, a refusal is one sentence and leaves the main file as it was.
func tryFiles(t *testing.T, dir string, files map[string][]byte) opened {
	t.Helper()
	must(t, os.RemoveAll(dir))
	must(t, os.Mkdir(dir, 0o700))
	for name, b := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	path := filepath.Join(dir, "users.db")
	j, users, err := ready(path)
	if err != nil {
		says(t, err, path)
		if content(path) != string(files["users.db"]) {
			t.Error("the refused file has changed")
		}
		return opened{refusal: err}
	}
	defer closed(t, j)
	return contents(t, j, users)
}

func TestFlippedBitsAreRefusedOrHarmless(t *testing.T) {
	path, all := bigger(t)
	whole := []byte(content(path))
	random := rand.New(rand.NewPCG(1, 2))
	dir := filepath.Join(memoryDir(t), "copy")
	refused, harmless := 0, 0
	for range flips(t) {
		bit := random.IntN(8 * len(whole))
		damaged := append([]byte(nil), whole...)
		damaged[bit/8] ^= 1 << (bit % 8)
		got := tryFiles(t, dir, map[string][]byte{"users.db": damaged})
		if got.refusal != nil {
			refused++
			continue
		}
		harmless++
		if diff := cmp.Diff(all, got, cmp.AllowUnexported(opened{})); diff != "" {
			t.Errorf("bit %d of byte %d: %s", bit%8, bit/8, diff)
		}
	}
	t.Logf("%d flips were refused and %d were in unused space", refused, harmless)
	if refused < harmless/10 {
		t.Error("hardly any flip was refused: the file is mostly unused space")
	}
}

func TestTruncatedFilesAreRefused(t *testing.T) {
	path, _ := bigger(t)
	whole := []byte(content(path))
	dir := filepath.Join(memoryDir(t), "copy")
	for length := 1; length < len(whole); length += 997 {
		if got := tryFiles(t, dir, map[string][]byte{"users.db": whole[:length]}); got.refusal == nil {
			t.Errorf("%d of %d bytes were accepted", length, len(whole))
		}
	}
}

// withWAL are the files of a journal that was killed before its write-ahead
// log was copied into the file, the number of users that only the log has, and
// all users.
func withWAL(t *testing.T) (files map[string][]byte, all opened) {
	t.Helper()
	path, _ := bigger(t)
	j, _ := mustReady(t, path)
	commitSome(t, j, 61, 20)
	files = map[string][]byte{"users.db": []byte(content(path)), "users.db-wal": []byte(content(path + "-wal"))}
	if len(files["users.db-wal"]) == 0 {
		t.Fatal("there is no write-ahead log")
	}
	closed(t, j)
	j, users := mustReady(t, path)
	return files, contents(t, j, users)
}

// TestDamagedWriteAheadLogEndsWhereTheDamageIs shows what SQLite makes of a
// write-ahead log that is cut off or changed: it ends before the first
// transaction that is not whole. What comes out is always a state that there
// has been, but maybe not the last one, as a torn end is what a power cut in
// the middle of a commit leaves, too.
func TestDamagedWriteAheadLogEndsWhereTheDamageIs(t *testing.T) {
	files, all := withWAL(t)
	wal := files["users.db-wal"]
	dir := filepath.Join(memoryDir(t), "copy")
	random := rand.New(rand.NewPCG(3, 4))
	shorter := 0
	try := func(what string, damaged []byte) {
		t.Helper()
		got := tryFiles(t, dir, map[string][]byte{"users.db": files["users.db"], "users.db-wal": damaged})
		if got.refusal != nil {
			return
		}
		n := len(got.log)
		if n < 60 || n > len(all.log) {
			t.Fatalf("%s: %d changes", what, n)
		}
		if n < len(all.log) {
			shorter++
		}
		if diff := cmp.Diff(all.firstOf(n), got, cmp.AllowUnexported(opened{})); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	for range flips(t) / 4 {
		bit := random.IntN(8 * len(wal))
		damaged := append([]byte(nil), wal...)
		damaged[bit/8] ^= 1 << (bit % 8)
		try(fmt.Sprintf("bit %d of byte %d flipped", bit%8, bit/8), damaged)
	}
	for length := 0; length < len(wal); length += 8209 {
		try(fmt.Sprintf("cut off after %d bytes", length), wal[:length])
	}
	if shorter == 0 {
		t.Error("no damage has cost a change: the write-ahead log was not used")
	}
}

func TestWriteAheadLogOfAnotherFileIsNotTakenForItsOwn(t *testing.T) {
	files, _ := withWAL(t)
	other := filepath.Join(t.TempDir(), "users.db")
	j, _ := mustReady(t, other)
	must(t, j.Commit([]Entry{step(1, nil, user(200))}, 0))
	closed(t, j)
	got := tryFiles(t, filepath.Join(memoryDir(t), "copy"),
		map[string][]byte{"users.db": []byte(content(other)), "users.db-wal": files["users.db-wal"]})
	if got.refusal == nil && len(got.users) != 1 && len(got.users) != 80 {
		t.Errorf("a mixture of two files was accepted: %d users", len(got.users))
	}
}
