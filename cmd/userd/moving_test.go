package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/internal/userfile"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// site is a directory with files of users.
type site struct{ dir string }

func (p site) path(name string) string { return filepath.Join(p.dir, name) }

func (p site) db(name string) string { return "--database-url=file:" + p.path(name) }

// write makes a file.
func (p site) write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.path(name)
}

// records are all that a file of users holds.
func (p site) records(t *testing.T, name string) []service.Record {
	t.Helper()
	store, err := memory.Open(t.Context(), p.path(name), memory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var records []service.Record
	for r, err := range service.New(store, service.Config{}).Export(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// manyRows are n rows of NDJSON, each as different from the others as can be.
func manyRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":"%08x-9dad-11d1-80b4-00c04fd430c8","email":"User%d@Bücher.example","first_name":"Zoë %d","last_name":"O'Neil, \"%d\"","is_active":%v,"version":%d,"created_at":"20%02d-01-31T12:00:00.%06dZ"`,
			i*7919, i, i%7, i%11, i%3 > 0, i%5+1, i%26, i)
		if i%4 > 0 {
			b.WriteString(`,"password_hash":"$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"`)
		}
		if i%3 == 0 {
			fmt.Fprintf(&b, `,"email_verified_at":"2026-01-31T12:00:00.%06dZ"`, i)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func TestUsersMoveFromOneFileToAnother(t *testing.T) {
	const n = 6000 // more than are imported at once
	for _, format := range []string{"ndjson", "csv"} {
		t.Run(format, func(t *testing.T) {
			p := site{t.TempDir()}
			first := p.write(t, "first.ndjson", manyRows(n))
			if status, stdout, stderr := runHere(t, nil, "import", p.db("a.db"), first); status != exitOK || stdout != fmt.Sprintf("%d created, 0 updated, 0 unchanged, 0 skipped, 0 refused\n", n) {
				t.Fatalf("status %d, %q, %q", status, stdout, stderr)
			}
			file := p.path("moved." + format)
			status, stdout, stderr := runHere(t, nil, "export", p.db("a.db"), "--with-password-hashes", file)
			if status != exitOK || stdout != fmt.Sprintf("%d users written to %s\n", n, file) || stderr != "" {
				t.Fatalf("status %d, %q, %q", status, stdout, stderr)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if status, stdout, stderr := runHere(t, nil, "import", p.db("b.db"), file); status != exitOK {
				t.Fatalf("status %d, %q, %q", status, stdout, stderr)
			}
			a, b := p.records(t, "a.db"), p.records(t, "b.db")
			if diff := cmp.Diff(a, b); diff != "" || len(a) != n {
				t.Errorf("%d users are others after the move:\n%s", len(a), diff)
			}
			if left, _ := filepath.Glob(p.path(".userd-*")); len(left) > 0 {
				t.Errorf("%v is left over", left)
			}
		})
	}
}

func TestExportToStandardOutputCarriesNoHashesUnlessAsked(t *testing.T) {
	p := site{t.TempDir()}
	runHere(t, nil, "import", p.db("a.db"), p.write(t, "in", manyRows(3)))
	for _, c := range []struct {
		args   []string
		begins string
		hashes int
	}{
		{nil, `{"id":"00000000-9dad-11d1-80b4-00c04fd430c8","email":"User0@Bücher.example",`, 0},
		{[]string{"--with-password-hashes"}, `{"id":"`, 2},
		{[]string{"--format=csv"}, "id,email,first_name,last_name,is_active,version,created_at,updated_at,email_verified_at\n", 0},
		{[]string{"--format=csv", "--with-password-hashes"}, "id,email,first_name,last_name,is_active,version,created_at,updated_at,email_verified_at,password_hash\n", 2},
	} {
		status, stdout, stderr := runHere(t, nil, append([]string{"export", p.db("a.db")}, c.args...)...)
		if status != exitOK || !strings.HasPrefix(stdout, c.begins) || strings.Count(stdout, "$2b$") != c.hashes || stderr != "" {
			t.Errorf("%v: status %d, %q, %q", c.args, status, stdout, stderr)
		}
	}
}

const threeRows = "email,first_name,last_name,password\n" +
	"ada@example.com,Ada,Lovelace,notes on the engine\n" +
	"secret,,Byron,secret\n" +
	"\"bob@example.com\",Bob,Byron,another long one\n"

func TestRefusedRowsAreReportedWithoutTheirValues(t *testing.T) {
	const mistakes = `{"line":3,"field":"email","code":"INVALID","message":"An e-mail address has an @ between name and domain."}
{"line":3,"field":"first_name","code":"REQUIRED","message":"This field is required."}
{"line":3,"field":"password","code":"TOO_SHORT","message":"A password has at least 8 characters."}
`
	p := site{t.TempDir()}
	file := p.write(t, "three.csv", threeRows)
	status, stdout, stderr := runHere(t, nil, "import", p.db("a.db"), file)
	if status != exitFailure || stdout != "2 created, 0 updated, 0 unchanged, 0 skipped, 1 refused\n" || stderr != mistakes+"userd: rows refused: 1\n" {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	status, stdout, stderr = runHere(t, nil, "import", p.db("a.db"), "--rejects="+p.path("rejects"), file)
	if status != exitFailure || stdout != "0 created, 0 updated, 0 unchanged, 0 skipped, 3 refused\n" || stderr != "userd: rows refused: 3\n" {
		t.Errorf("again: status %d, %q, %q", status, stdout, stderr)
	}
	const taken = `{"line":%d,"field":"email","code":"EMAIL_TAKEN","message":"Another user has this e-mail address."}` + "\n"
	got, err := os.ReadFile(p.path("rejects"))
	if diff := cmp.Diff(fmt.Sprintf(taken, 2)+mistakes+fmt.Sprintf(taken, 4), string(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for on, want := range map[string]string{
		"skip":   "0 created, 0 updated, 0 unchanged, 2 skipped, 1 refused\n",
		"update": "0 created, 2 updated, 0 unchanged, 0 skipped, 1 refused\n",
	} {
		if status, stdout, _ := runHere(t, nil, "import", p.db("a.db"), "--on-conflict="+on, file); status != exitFailure || stdout != want {
			t.Errorf("%s: status %d, %q", on, status, stdout)
		}
	}
}

func TestIDsThatAreTakenAreReported(t *testing.T) {
	p := site{t.TempDir()}
	runHere(t, nil, "import", p.db("a.db"), p.write(t, "in", manyRows(1)))
	status, _, stderr := runHere(t, nil, "import", p.db("a.db"), p.path("in"))
	if want := `{"line":1,"field":"id","code":"ID_TAKEN","message":"A user with this id is there already."}`; status != exitFailure || !strings.HasPrefix(stderr, want) {
		t.Errorf("status %d, %q", status, stderr)
	}
}

func TestWhatIsShownOfManyMistakesIsBounded(t *testing.T) {
	p := site{t.TempDir()}
	status, stdout, stderr := runHere(t, nil, "import", p.db("a.db"), p.write(t, "in", strings.Repeat("[]\n", 300)))
	if status != exitFailure || !strings.Contains(stdout, "300 refused") || strings.Count(stderr, "\n") != 102 || !strings.Contains(stderr, "--rejects") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	_, _, stderr = runHere(t, nil, "import", p.db("a.db"), "--rejects="+p.path("rejects"), p.path("in"))
	if all, err := os.ReadFile(p.path("rejects")); err != nil || bytes.Count(all, []byte("\n")) != 300 {
		t.Errorf("%d lines, %v, %q", bytes.Count(all, []byte("\n")), err, stderr)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	p := site{t.TempDir()}
	file := p.write(t, "three.csv", threeRows)
	const want = "no user was changed by this dry run; without it: 2 created, 0 updated, 0 unchanged, 0 skipped, 1 refused\n"
	if status, stdout, _ := runHere(t, nil, "import", "--dry-run", p.db("a.db"), file); status != exitFailure || stdout != want {
		t.Errorf("status %d, %q", status, stdout)
	}
	if _, err := os.Stat(p.path("a.db")); !os.IsNotExist(err) {
		t.Errorf("the dry run has made a file: %v", err)
	}
	runHere(t, nil, "import", p.db("a.db"), file)
	before := p.records(t, "a.db")
	if _, stdout, _ := runHere(t, nil, "import", "--dry-run", "--on-conflict=update", p.db("a.db"), file); !strings.Contains(stdout, "2 updated") {
		t.Errorf("%q", stdout)
	}
	if diff := cmp.Diff(before, p.records(t, "a.db")); diff != "" {
		t.Error(diff)
	}
}

func TestMovingSaysInOneSentenceWhatIsWrong(t *testing.T) {
	p := site{t.TempDir()}
	runHere(t, nil, "import", p.db("a.db"), p.write(t, "in", manyRows(1)))
	p.write(t, "bad.csv", "email,nick\n")
	held, err := memory.Open(t.Context(), p.path("held.db"), memory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for _, tt := range []struct {
		name, says string
		status     int
		args       []string
	}{
		{"export of nothing", "nothing to export", exitFailure, []string{"export", p.db("none.db")}},
		{"export of memory", "keeps no users", exitFailure, []string{"export", "--database-url=memory:"}},
		{"export of a file that a server holds", "in use by another userd", exitFailure, []string{"export", p.db("held.db")}},
		{"export over a file", "exists already", exitFailure, []string{"export", p.db("a.db"), p.path("in")}},
		{"export to nowhere", "no file can be made in its directory", exitFailure, []string{"export", p.db("a.db"), p.path("none/out")}},
		{"export as XML", "--format", exitUsage, []string{"export", "--format=xml"}},
		{"export of a log that keeps nothing", "--keep-changes", exitUsage, []string{"export", "--keep-changes=0"}},
		{"import of no file", "<file>", exitUsage, []string{"import"}},
		{"import of a file that is not there", "cannot read", exitUsage, []string{"import", p.db("a.db"), p.path("none")}},
		{"import of a directory", "is a directory", exitUsage, []string{"import", p.db("a.db"), p.dir}},
		{"import of a bad header", `no column "nick"`, exitUsage, []string{"import", p.db("a.db"), p.path("bad.csv")}},
		{"import into memory", "keeps no users", exitFailure, []string{"import", "--database-url=memory:", p.path("in")}},
		{"import into a file that a server holds", "in use by another userd", exitFailure, []string{"import", p.db("held.db"), p.path("in")}},
		{"import with rejects over a file", "file exists", exitFailure, []string{"import", p.db("a.db"), "--rejects=" + p.path("in"), p.path("in")}},
		{"import with another policy", "--on-conflict", exitUsage, []string{"import", "--on-conflict=replace", p.path("in")}},
		{"import with a log that keeps nothing", "--keep-changes-for", exitUsage, []string{"import", "--keep-changes-for=0s", p.path("in")}},
		{"import with impossible passwords", "--password-min-length", exitUsage, []string{"import", "--password-min-length=0", p.path("in")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := runHere(t, nil, tt.args...)
			if status != tt.status || stdout != "" || !strings.Contains(stderr, tt.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, stdout %q, stderr %q, want status %d and one line with %q", status, stdout, stderr, tt.status, tt.says)
			}
		})
	}
	if left, _ := filepath.Glob(p.path("none.db*")); len(left) > 0 {
		t.Errorf("%v was made", left)
	}
}

// An interrupted import has finished the batch in hand and says how to go on,
// also while it waits for a pipe.
func TestInterruptedImport(t *testing.T) {
	p := site{t.TempDir()}
	cmd := userd(t, "import", p.db("a.db"), "-")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rows := manyRows(service.MaxImportRows + 1)
	if _, err := io.WriteString(in, rows); err != nil {
		t.Fatal(err)
	}
	await(t, "the first batch to be on the disk", func() bool {
		info, err := os.Stat(p.path("a.db-wal"))
		return err == nil && info.Size() > 1<<20
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != exitFailure || !strings.HasPrefix(stdout.String(), "5000 created,") ||
		!strings.Contains(stderr.String(), "stopped after line 5000: interrupted; to go on, run it again with --on-conflict=skip") {
		t.Errorf("status %d, %q, %q", cmd.ProcessState.ExitCode(), stdout.String(), stderr.String())
	}
	in.Close()
	if status, stdout, _ := runHere(t, nil, "import", p.db("a.db"), "--on-conflict=skip", p.write(t, "in", rows)); status != exitOK || stdout != "1 created, 0 updated, 0 unchanged, 5000 skipped, 0 refused\n" {
		t.Errorf("resumed: status %d, %q", status, stdout)
	}
}

// failingReader gives one row and then an error.
type failingReader struct{ given bool }

func (r *failingReader) Read() (userfile.Row, error) {
	if r.given {
		return userfile.Row{}, errors.New("the disk is gone")
	}
	r.given = true
	return userfile.Row{Line: 1, Input: service.ImportInput{UserInput: service.UserInput{
		Email: service.Some("ada@example.com"), FirstName: service.Some("Ada"), LastName: service.Some("Lovelace"), Password: service.Some("notes on the engine"),
	}}}, nil
}

func newImporter(t *testing.T, dryRun bool) *importer {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { store.Close() })
	return &importer{
		svc:     service.New(store, service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}}),
		options: service.ImportOptions{DryRun: dryRun}, rejects: &rejects{out: io.Discard},
		progress: newProgress(io.Discard, false, 0, time.Now), counts: make(map[service.ImportOutcome]int),
	}
}

func TestImportOfAFileThatBreaksOff(t *testing.T) {
	for dryRun, want := range map[bool]string{
		false: "stopped after line 1: cannot read on: the disk is gone; to go on, run it again with --on-conflict=skip or --on-conflict=update",
		true:  "stopped after line 1: cannot read on: the disk is gone",
	} {
		i := newImporter(t, dryRun)
		if err := i.run(t.Context(), &failingReader{}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if i.counts[service.ImportCreated] != 1 {
			t.Errorf("%s: what came before was not imported", i.summary())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newImporter(t, false).run(ctx, &failingReader{}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("after an end: %v", err)
	}
}

func TestRejectsThatCannotBeWritten(t *testing.T) {
	r := &rejects{out: fullDisk{}}
	for range 3 {
		r.add(1, &service.EmailTakenError{})
	}
	if r.err == nil || !strings.Contains(r.err.Error(), "refused rows") {
		t.Errorf("the error is %v", r.err)
	}
}

// TestRejectsAreWholeLines: a disk that gets full in the middle of a line leaves
// none of it, so that what reads the file takes nothing for a mistake that is none.
func TestRejectsAreWholeLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rejects.ndjson")
	r, closeFile, err := openRejects(name, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	r.out = &fillingDisk{out: r.out, room: 250}
	for line := range 5 {
		r.add(line+1, &service.EmailTakenError{})
	}
	text, err := os.ReadFile(name)
	if err := errors.Join(err, closeFile()); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if len(lines) != 3 || lines[2] != "" || !strings.Contains(lines[1], `"line":2,`) {
		t.Errorf("the file has %q", lines)
	}
	if r.err == nil || !strings.Contains(r.err.Error(), "from line 3 on: no room") {
		t.Errorf("the error is %v", r.err)
	}
}

// fillingDisk has room for some bytes more.
type fillingDisk struct {
	out  io.Writer
	room int
}

func (d *fillingDisk) Write(b []byte) (int, error) {
	n, err := d.out.Write(b[:min(len(b), d.room)])
	d.room -= n
	if err == nil && n < len(b) {
		err = errors.New("no room")
	}
	return n, err
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestExportThatCannotBeWritten(t *testing.T) {
	p := site{t.TempDir()}
	runHere(t, nil, "import", p.db("a.db"), p.write(t, "in", manyRows(1000)))
	for _, format := range []string{"ndjson", "csv"} {
		for _, hashes := range []string{"", "--with-password-hashes"} {
			var stderr bytes.Buffer
			args := []string{"export", p.db("a.db"), "--format=" + format}
			if hashes != "" {
				args = append(args, hashes)
			}
			if status := run(t.Context(), args, nil, fullDisk{}, &stderr); status != exitFailure || !strings.Contains(stderr.String(), "cannot write the users: no room") {
				t.Errorf("status %d, %q", status, stderr.String())
			}
		}
	}
}

func TestProgress(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		terminal bool
		total    int64
		want     string
	}{
		"on a terminal":     {true, 400, "\r\x1b[K[##########                    ]  34 %, 1000 users, 1000 a second\r\x1b[K[##############################] 100 %, 2500 users, 208 a second\r\x1b[K"},
		"of unknown length": {true, 0, "\r\x1b[K1000 users, 1000 a second\r\x1b[K2500 users, 208 a second\r\x1b[K"},
		"in a log":          {false, 400, "[##############################] 100 %, 2500 users, 208 a second\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			at := now
			p := newProgress(&out, c.terminal, c.total, func() time.Time { return at })
			p.add(900, 100)
			at = at.Add(time.Second)
			p.add(100, 36)
			p.add(1, 1) // too soon, and too little to look at the clock
			at = at.Add(11 * time.Second)
			p.add(1499, 300)
			p.clear()
			if got := out.String(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A dry run and an export leave a database as it is, even an empty one.
func TestLookingMakesNoSchema(t *testing.T) {
	db := postgrestest.Shared(t)
	url := db.NewSchema(t)
	rows := filepath.Join(t.TempDir(), "rows.ndjson")
	if err := os.WriteFile(rows, []byte(`{"email":"ada@example.com","first_name":"Ada","last_name":"Lovelace"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := userd(t, "export", "--database-url="+url).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "run userd migrate first") {
		t.Errorf("export: %v, %s", err, out)
	}
	out, err = userd(t, "import", "--dry-run", rows, "--database-url="+url).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "without it: 1 created") {
		t.Errorf("a dry run: %v, %s", err, out)
	}
	schema := url[strings.LastIndex(url, "=")+1:]
	if n := db.Query(t, "SELECT count(*) FROM pg_tables WHERE schemaname = '"+schema+"'"); n != "0" {
		t.Errorf("there are %s tables", n)
	}
}
