package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
	for _, pattern := range []string{"../../deploy/kubernetes/*.yaml", "../../deploy/systemd/*", "../../docs/operations.md"} {
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

func TestReadmeListsEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
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
			if strings.Count(string(readme), row) != 1 {
				t.Errorf("README.md needs one row %q", strings.TrimSpace(row))
			}
		}
	}
	if rows := strings.Count(string(readme), "` | `--"); rows != settings {
		t.Errorf("README.md lists %d settings, there are %d", rows, settings)
	}
}
