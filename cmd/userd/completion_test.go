package main

import (
	"os"
	"os/exec"
	"slices"
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
		{[]string{"userd", "se"}, "serve sessions"},
		{[]string{"userd", "a"}, ""},
		{[]string{"userd", "keys", ""}, "add list revoke make"},
		{[]string{"userd", "keys", "--sc"}, ""},
		{[]string{"userd", "keys", "make", ""}, ""},
		{[]string{"userd", "keys", "make", "app", "--sc"}, "--scope"},
		{[]string{"userd", "sessions", "ro"}, "rotate-key"},
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

// What is offered, level by level, are commands that there are.
func TestCompletedCommandsExist(t *testing.T) {
	found := 0
	var descend func(typed ...string)
	descend = func(typed ...string) {
		for _, name := range completions(t, append(typed, "")...) {
			found++
			command := append(slices.Clone(typed), name)
			_, usage, _ := runHere(t, nil, append(command[1:], "--help")...)
			if !strings.HasPrefix(usage, "Usage: "+strings.Join(command, " ")+" ") {
				t.Errorf("%q is offered; asked for its usage, it says %.60q", command, usage)
			}
			descend(command...)
		}
	}
	descend("userd")
	if found < 15 {
		t.Errorf("%d commands are offered", found)
	}
}

// zsh runs the function for bash with arrays that begin at 0, and leaves out of
// the answer what does not begin like the word at the cursor.
func TestZshUnderstandsWhatIsForBash(t *testing.T) {
	needProgram(t, "zsh")
	_, script, _ := runHere(t, nil, "completion", "zsh")
	for line, want := range map[string]string{
		"userd keys .":            "add list revoke make",
		"userd backup file --hel": "--database-url --help --version",
	} {
		cmd := exec.CommandContext(t.Context(), "zsh", "-f", "-c", script+`
			setopt ksh_arrays
			compgen() { print -r -- $2; }
			COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _userd; print -r -- "${COMPREPLY[@]}"`, "zsh")
		cmd.Args = append(cmd.Args, strings.Fields(line)...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q offers %q, want %q, %v", line, got, want, err)
		}
	}
}

func TestFishCompletesCommandsAndFlags(t *testing.T) {
	needProgram(t, "fish")
	_, script, _ := runHere(t, nil, "completion", "fish")
	for line, want := range map[string]string{
		"userd ke":                   "keys",
		"userd ad":                   "",
		"userd keys ":                "add list make revoke",
		"userd keys make app --scop": "--scope",
		"userd sessions ro":          "rotate-key",
		"userd --ops":                "--ops-addr",
	} {
		cmd := exec.CommandContext(t.Context(), "fish", "--no-config", "-c", script+"complete -c userd -f; complete -C"+quote(line))
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var got []string
		for offer := range strings.Lines(string(out)) {
			got = append(got, strings.Fields(offer)[0]) // before what is said of it
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q offers %q, want %q", line, got, want)
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
	for _, want := range []string{".TH USERD 1", `.SS userd serve`, `.SS userd backup FILE`, `.SS userd keys add NAME`, `.SS userd sessions rotate\-key`, `.B \-\-ops\-addr`, "Variable: USERD_OPS_ADDR.", "Default: :8000."} {
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
