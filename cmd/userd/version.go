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

type versionCmd struct{}

func (versionCmd) run(_ context.Context, stdout, _ io.Writer) error {
	_, err := fmt.Fprintf(stdout, "userd %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the release, with the commit that the binary was built from
// where Go recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "+" + s.Value[:12]
		}
	}
	return release
}
