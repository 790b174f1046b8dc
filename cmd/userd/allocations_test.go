//go:build !race

// The race detector allocates, too.

package main

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
)

// recordAllocations has the test write what it counts instead of holding it
// against what was counted before:
//
//	go test ./cmd/userd -run HotPathsAllocateLittle -record
var recordAllocations = flag.Bool("record", false, "record what hot paths allocate in "+allocationsFile)

const allocationsFile = "testdata/allocations.json"

// TestHotPathsAllocateLittle: what is asked most makes no more garbage than it
// did when that was recorded; a tenth more is too much. Of the transports it is
// the handler that counts, net/http's own garbage left out.
func TestHotPathsAllocateLittle(t *testing.T) {
	recorded, counted := readAllocations(t), make(map[string]float64)
	for name, run := range hotOperations(t) {
		n := testing.AllocsPerRun(500, run)
		counted[name] = n
		if *recordAllocations {
			continue
		}
		if want, ok := recorded[name]; !ok {
			t.Errorf("%s is counted and not recorded", name)
		} else if n > 1.1*want {
			t.Errorf("%s: %v allocations, where %v were enough", name, n, want)
		}
	}
	for name := range recorded {
		if _, ok := counted[name]; !ok && !*recordAllocations {
			t.Errorf("%s is recorded and not counted", name)
		}
	}
	if *recordAllocations {
		writeAllocations(t, counted)
	}
}

func readAllocations(t *testing.T) (recorded map[string]float64) {
	t.Helper()
	text, err := os.ReadFile(allocationsFile)
	if err == nil {
		err = json.Unmarshal(text, &recorded)
	}
	if err != nil && !*recordAllocations {
		t.Fatal(err)
	}
	return recorded
}

func writeAllocations(t *testing.T, counted map[string]float64) {
	t.Helper()
	text, err := json.MarshalIndent(counted, "", "\t") // in the order of the names
	if err == nil {
		err = os.WriteFile(allocationsFile, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
