package bench

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(bareAnswer); text != "" {
		fmt.Fprintln(os.Stderr, serveBare(os.Args[1], text))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestPerformance measures everything and writes the report to the file that
// BENCH_REPORT names. It fails when something cannot be measured; a goal that is
// missed is told in the report.
func TestPerformance(t *testing.T) {
	path := os.Getenv("BENCH_REPORT")
	if path == "" {
		t.Skip("BENCH_REPORT does not say where the report goes; scripts/bench does")
	}
	l := &lab{parameters: ofEnvironment(), userd: buildUserd(t), results: make(map[string][]float64)}
	ok := true
	for _, m := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"reads", l.reads}, {"passwords", l.passwords}, {"durable", l.durable}, {"million", l.million},
		{"postgres", l.postgres}, {"feed", l.feed}, {"binary", l.binary},
	} {
		ok = t.Run(m.name, m.run) && ok
	}
	if !ok {
		t.Fatal("no report is written of half a run")
	}
	if err := l.write(path); err != nil {
		t.Fatal(err)
	}
}
