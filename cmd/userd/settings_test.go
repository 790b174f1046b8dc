package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

// settings are the environment variables that there are.
func settings(t *testing.T) map[string]bool {
	t.Helper()
	parser, err := newParser(io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, command := range parser.Model.Leaves(false) {
		for _, flag := range command.Flags {
			for _, env := range flag.Envs {
				known[env] = true
			}
		}
	}
	return known
}

// A variable that is not there would end the start in somebody's cluster.
func TestDeploymentsAndDocumentsNameSettingsThatExist(t *testing.T) {
	known := settings(t)
	for _, pattern := range []string{"../../deploy/kubernetes/*.yaml", "../../deploy/systemd/*", "../../docs/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range regexp.MustCompile(`\bUSERD_[A-Z_]+`).FindAllString(string(text), -1) {
				if !known[name] && name != "USERD_PORT" { // which Kubernetes would set
					t.Errorf("%s: there is no setting %s", file, name)
				}
			}
		}
	}
}

func TestDocumentsListEverySetting(t *testing.T) {
	documents := document(t, "README.md") + document(t, "docs/limits.md")
	parser, err := newParser(io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	settings := 0
	for _, command := range parser.Model.Leaves(false) {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			settings++
			row := fmt.Sprintf("\n| `%s` | `--%s` | `%s` |", strings.Join(flag.Envs, ""), flag.Name, flag.Default)
			if strings.Count(documents, row) != 1 {
				t.Errorf("README.md or docs/limits.md needs one row %q", strings.TrimSpace(row))
			}
		}
	}
	if rows := strings.Count(documents, "` | `--"); rows != settings {
		t.Errorf("%d settings are listed, there are %d", rows, settings)
	}
}

// document is a file of the project as text.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each limit is attacked by a test, the tests that the documents name exist, and
// the limits without a setting are the service's.
func TestLimitsAreAttackedAndTold(t *testing.T) {
	limits, tests := document(t, "docs/limits.md"), allTests(t)
	for line := range strings.Lines(limits) {
		if strings.HasPrefix(line, "| `USERD_") && !strings.HasSuffix(strings.TrimSpace(line), "` |") {
			t.Errorf("no test attacks %s", line)
		}
	}
	for _, found := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(limits+document(t, "SECURITY.md"), -1) {
		if !tests[found[1]] {
			t.Errorf("there is no %s", found[1])
		}
	}
	for name, value := range map[string]int{"MaxBatch": service.MaxBatch, "MaxBatchPasswords": service.MaxBatchPasswords, "MaxIDs": service.MaxIDs, "MaxKeys": service.MaxKeys,
		"MaxClient": service.MaxClient, "MaxSessions": service.MaxSessions, "MaxTokens": service.MaxTokens} {
		if !strings.Contains(limits, fmt.Sprintf("| %d (`%s`) |", value, name)) {
			t.Errorf("%s is %d", name, value)
		}
	}
}

// allTests are the names of the tests of the packages that serve.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	tests := make(map[string]bool)
	for _, dir := range []string{".", "../../graph", "../../internal/web", "../../rest", "../../service"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing.T`).FindAllStringSubmatch(string(text), -1) {
				tests[found[1]] = true
			}
		}
	}
	return tests
}
