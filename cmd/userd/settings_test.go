package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

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
