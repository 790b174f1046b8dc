package goclient

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	released = "../released/openapi.yaml"
	current  = "../../rest/openapi.yaml"
)

// TestContractIsKept: what worked with the last release works with this
// contract. Warnings count, for a service that refuses unknown fields and
// parameters breaks clients by leaving out one that it took. New codes do not:
// the contract says that there may be some.
func TestContractIsKept(t *testing.T) {
	if out, broken := compare(t, current); broken {
		t.Errorf("%s breaks clients of the last release:\n%s", current, out)
	}
}

// TestBrokenContractsAreFound: the comparison can fail.
func TestBrokenContractsAreFound(t *testing.T) {
	contract, err := os.ReadFile(released)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, part, by string }{
		{"a path that is gone", "  /users/{id}/password:\n", "  /users/{id}/passwort:\n"},
		{"a field that is needed now", "required: [email, first_name, last_name, password]", "required: [email, first_name, last_name, password, is_active]"},
		{"a field that is not taken any more", "        is_active:\n          type: boolean\n          description: Whether the user is active.\n          default: true\n", ""},
		{"a field that may be missing now", "required: [id, email, first_name,", "required: [id, first_name,"},
		{"a parameter that is not taken any more", "        - $ref: \"#/components/parameters/IsActiveFilter\"\n", ""},
		{"a smaller page", "minimum: 1, maximum: 200, default: 50", "minimum: 1, maximum: 100, default: 50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !bytes.Contains(contract, []byte(c.part)) {
				t.Fatalf("there is no %q", c.part)
			}
			file := filepath.Join(t.TempDir(), "openapi.yaml")
			if err := os.WriteFile(file, bytes.Replace(contract, []byte(c.part), []byte(c.by), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, broken := compare(t, file); !broken {
				t.Errorf("nothing is found:\n%s", out)
			}
		})
	}
}

// compare reports whether a contract breaks clients of the released one, and
// how. Any other failure than that ends the test.
func compare(t *testing.T, contract string) (report string, broken bool) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "tool", "oasdiff", "breaking", "--fail-on", "WARN",
		"--severity-levels", "oasdiff-levels.txt", released, contract).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 && bytes.Contains(out, []byte("changes:")) {
		return string(out), true
	}
	if err != nil {
		t.Fatalf("oasdiff: %v\n%s", err, out)
	}
	return string(out), false
}
