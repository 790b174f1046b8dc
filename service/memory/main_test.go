package memory_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(storeVariable); path != "" {
		if err := storeProcess(path, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "store process:", err)
			os.Exit(1)
		}
		return
	}
	if path := os.Getenv(openVariable); path != "" {
		if err := openProcess(path, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "opening process:", err)
			os.Exit(1)
		}
		return
	}
	// Restarting a store is slow under the race detector; -rapid.checks=1000 is
	// for a night.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
