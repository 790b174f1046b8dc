package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// example is a command of a README's console block and what it prints there.
type example struct{ command, output string }

// examples are the commands of all ```console blocks of a Markdown file. A
// command begins with "$ " and goes on while lines end in a backslash.
func examples(t *testing.T, path string) []example {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		for _, part := range regexp.MustCompile(`(?m)^\$ `).Split(block[1], -1)[1:] {
			command, output := part, ""
			for end := 0; ; {
				n := strings.IndexByte(part[end:], '\n')
				end += n + 1
				if !strings.HasSuffix(part[:end], "\\\n") {
					command, output = part[:end], part[end:]
					break
				}
			}
			all = append(all, example{strings.TrimSpace(command), strings.TrimSpace(output)})
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no console examples", path)
	}
	return all
}

// variable matches what differs from run to run: ids, times, tokens and cursors.
var variable = regexp.MustCompile(`userd_(?:confirm|reset)_[0-9A-Za-z]{49}|[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z|"(?:end|start)?[cC]ursor": ?"[^"]+"`)

// names maps the ids and times that a document shows to those of this run.
type names map[string]string

// bind compares output with what the document shows, learning the names in it.
func (n names) bind(t *testing.T, shown, output string) {
	t.Helper()
	if diff := cmp.Diff(variable.ReplaceAllString(shown, "<variable>"), variable.ReplaceAllString(output, "<variable>")); diff != "" {
		t.Errorf("the output differs from the document (-document +output):\n%s", diff)
		return
	}
	actual := variable.FindAllString(output, -1)
	for i, name := range variable.FindAllString(shown, -1) {
		if known, ok := n[name]; ok && known != actual[i] {
			t.Errorf("%s stands for %s and for %s", name, known, actual[i])
		}
		n[name] = actual[i]
	}
}

// apply replaces the document's names in a command by those of this run.
func (n names) apply(command string) string {
	return variable.ReplaceAllStringFunc(command, func(name string) string {
		if actual, ok := n[name]; ok {
			return actual
		}
		return name
	})
}

// shell runs command in bash, with curl sending requests for localhost:8000 to
// p, so that the commands of a document run as they stand.
func (p *process) shell(t *testing.T, command string) string {
	t.Helper()
	home := t.TempDir()
	curlrc := "silent\nconnect-to = \"localhost:8000:" + strings.TrimPrefix(p.base, "http://") + "\"\n"
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(curlrc), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", command)
	cmd.Env = append(os.Environ(), "CURL_HOME="+home)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", command, err, output)
	}
	return strings.TrimSpace(strings.ReplaceAll(string(output), "\r\n", "\n"))
}

func TestReadmeShowsWhatHappens(t *testing.T) {
	db := "--database-url=file:" + filepath.Join(t.TempDir(), "userd.db")
	p := start(t, db)
	known := make(names)
	for _, e := range examples(t, "../../README.md") {
		t.Run(e.command, func(t *testing.T) {
			known.bind(t, e.output, p.shell(t, known.apply(e.command)))
		})
	}
	if t.Failed() {
		return
	}
	before := get(t, p.base+"/users")
	if status := p.stop(t, syscall.SIGTERM); status != exitOK {
		t.Fatalf("status %d", status)
	}
	p = start(t, db)
	if diff := cmp.Diff(before, get(t, p.base+"/users")); diff != "" || len(before) < 100 {
		t.Errorf("after a restart the users are others:\n%s", diff)
	}
}

func TestDocumentsOfPasswordsShowWhatHappens(t *testing.T) {
	for _, document := range []string{"tokens.md", "passwords.md"} {
		p := start(t, "--database-url=file:"+filepath.Join(t.TempDir(), "userd.db"))
		known := make(names)
		for _, e := range examples(t, "../../docs/"+document) {
			t.Run(e.command, func(t *testing.T) {
				known.bind(t, e.output, p.shell(t, known.apply(e.command)))
			})
		}
	}
}

// get returns the body that url answers.
func get(t testing.TB, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	return string(body)
}

func TestMovingShowsWhatHappens(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(dir, "userd")); err != nil {
		t.Fatal(err)
	}
	known := make(names)
	for _, e := range examples(t, "../../docs/moving.md") {
		t.Run(e.command, func(t *testing.T) {
			cmd := exec.Command("bash", "-c", known.apply(e.command))
			cmd.Dir, cmd.Env = dir, append(os.Environ(), beUserd+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
			output, err := cmd.CombinedOutput()
			if err != nil {
				t.Error(err)
			}
			known.bind(t, e.output, strings.TrimSpace(string(output)))
		})
	}
}
