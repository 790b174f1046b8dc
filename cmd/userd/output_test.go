package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestOutputThatDoesNotArriveIsAFailure(t *testing.T) {
	db := site{t.TempDir()}.db("users.db")
	for _, args := range [][]string{{"keys", "add", "unseen", "--scope=admin", db}, {"keys", "list", db}, {"keys", "make", "app", "--scope=admin"}, {"completion", "bash"}} {
		var errs bytes.Buffer
		if status := run(t.Context(), args, nil, fullDisk{}, &errs); status != exitFailure || !strings.Contains(errs.String(), "no room") {
			t.Errorf("%q: %d, %s", args, status, errs.String())
		}
	}
	_, list, _ := runHere(t, nil, "keys", "list", db)
	if fields := strings.Fields(lastLine(list)); len(fields) != 5 || fields[0] != "unseen" || fields[4] == "-" {
		t.Errorf("the key that nobody has seen is not revoked:\n%s", list)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
