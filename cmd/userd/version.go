package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// release is the version that this source is, or leads up to.
const release = "0.1.0"

// commit is what a release or an image is built from; its linker sets it.
// Builds in a work tree have it from Go.
var commit string

type versionCmd struct{}

func (versionCmd) run(_ context.Context, stdout, _ io.Writer) error {
	_, err := fmt.Fprintln(stdout, fullVersion())
	return err
}

// fullVersion names the program, its version, and what it was built for.
func fullVersion() string {
	return fmt.Sprintf("userd %s %s %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// version is the release, with the commit that the binary was built from
// where that is known.
func version() string {
	c := commit
	if info, ok := debug.ReadBuildInfo(); ok && c == "" {
		c = recordedCommit(info)
	}
	if len(c) < 12 {
		return release
	}
	return release + "+" + c[:12]
}

// recordedCommit is the commit that Go found in the work tree.
func recordedCommit(info *debug.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
