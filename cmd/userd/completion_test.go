package main

import (
	"os/exec"
	"strings"
	"testing"
)

// completions are what bash offers for a line that ends at the cursor.
func completions(t *testing.T, words ...string) []string {
	t.Helper()
	_, script, _ := runHere(t, nil, "completion", "bash")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script+`
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _userd; printf '%s\n' "${COMPREPLY[@]}"`, "bash")
	cmd.Args = append(cmd.Args, words...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

func TestBashCompletesCommandsAndFlags(t *testing.T) {
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"userd", "ba"}, "backup"},
		{[]string{"userd", "se"}, "serve"},
		{[]string{"userd", "--ops"}, "--ops-addr"},
		{[]string{"userd", "serve", "--addr=:1", "--ops"}, "--ops-addr"},
		{[]string{"userd", "export", "--with"}, "--with-password-hashes"},
		{[]string{"userd", "export", "--ops"}, ""},
		{[]string{"userd", "backup", "fi"}, ""},
		{[]string{"userd", "backup", "--vers"}, "--version"},
	} {
		if got := strings.Join(completions(t, tt.words...), " "); got != tt.want {
			t.Errorf("%q offers %q, want %q", tt.words, got, tt.want)
		}
	}
}

func TestCompletionsOfOtherShells(t *testing.T) {
	for shell, want := range map[string]string{"zsh": "#compdef userd", "fish": "complete -c userd -n '__fish_seen_subcommand_from export' -l with-password-hashes"} {
		if status, script, _ := runHere(t, nil, "completion", shell); status != exitOK || !strings.Contains(script, want) {
			t.Errorf("%s: %d %s", shell, status, script)
		}
	}
	if status, _, _ := runHere(t, nil, "completion", "cmd"); status != exitUsage {
		t.Errorf("status %d", status)
	}
}

func TestManualPageNamesEverySetting(t *testing.T) {
	status, page, _ := runHere(t, nil, "man")
	if status != exitOK {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{".TH USERD 1", `.SS userd serve`, `.SS userd backup FILE`, `.B \-\-ops\-addr`, "Variable: USERD_OPS_ADDR.", "Default: :8000."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "'") {
			t.Errorf("roff takes this for a command: %s", line)
		}
	}
}
