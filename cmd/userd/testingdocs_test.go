package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testingBlock is the only block of docs/testing.md in this language.
func testingBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("docs/testing.md has %d blocks in %s", len(found), language)
	}
	return string(found[0][1])
}

// besideTheSeed runs a command in a directory with the seed of docs/testing.md and
// more files, where userd is this test's binary, and returns what it prints.
func besideTheSeed(t *testing.T, files map[string]string, name string, args ...string) (string, error) {
	t.Helper()
	dir := site{t.TempDir()}
	seed, err := os.ReadFile("../../docs/testing/users.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	dir.write(t, "users.ndjson", string(seed))
	for name, text := range files {
		dir.write(t, name, text)
	}
	if err := os.Symlink(os.Args[0], filepath.Join(dir.dir, "userd")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir.dir, append(os.Environ(), beUserd+"=1", "PATH="+dir.dir+":"+os.Getenv("PATH"))
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func TestTheExampleForGoPasses(t *testing.T) {
	files := map[string]string{"app_test.go": testingBlock(t, "go"), "go.mod": "module app\n\ngo 1.26\n"}
	output, err := besideTheSeed(t, files, "go", "test", "-v", ".")
	if err != nil || !strings.Contains(output, "--- PASS: TestWithUsers") {
		t.Errorf("%v\n%s", err, output)
	}
	files["app_test.go"] = strings.Replace(files["app_test.go"], `"ada@example.com"`, `"eve@example.com"`, 1)
	if output, err := besideTheSeed(t, files, "go", "test", "."); err == nil || !strings.Contains(output, "200 OK, {Email:ada@example.com}") {
		t.Errorf("what is not so is not found: %v\n%s", err, output)
	}
}

// Cypress itself is too large to be had for this: in its place somebody asks for
// the users.
func TestTheExampleForAShellBracketsTheTests(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	script := "npx() { curl -sf http://127.0.0.1:8123/users && return 7; }\n" + testingBlock(t, "sh")
	output, err := besideTheSeed(t, nil, "sh", "-c", strings.ReplaceAll(script, "127.0.0.1:8123", addr))
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 7 || !strings.Contains(output, `"email":"grace@example.com"`) {
		t.Errorf("%v\n%s", err, output)
	}
}
