// Package memlimit has Go's garbage collector know how much memory the
// container, or the systemd unit, may use. Go itself follows its CPUs alone.
package memlimit

import (
	"io/fs"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// share is the part of the container's memory that Go may fill: SQLite, stacks
// of the kernel and the page tables of this process need some too.
const share = 0.9

// unlimited is from where a number stands for no limit: cgroup v1 has no word for it.
const unlimited = 1 << 60

// Set sets Go's memory limit after the container's, unless GOMEMLIMIT is set
// or there is none. It returns the limit; 0 means that it set none.
func Set() int64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		return 0
	}
	limit := limitIn(os.DirFS("/"))
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	return limit
}

// limitIn is the limit for Go in the system with these files, or 0.
func limitIn(system fs.FS) int64 {
	least := int64(unlimited)
	for _, file := range limitFiles(system) {
		text, err := fs.ReadFile(system, file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 { // not "max"
			least = min(least, n)
		}
	}
	if least == unlimited {
		return 0
	}
	return int64(share * float64(least))
}

// limitFiles are the files that can hold a limit for this process: its own
// control group's and those of all around it, in cgroup v2 and v1.
func limitFiles(system fs.FS) (files []string) {
	text, err := fs.ReadFile(system, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(parts) == 3 && parts[0] == "0":
			files = append(files, upwards("sys/fs/cgroup", parts[2], "memory.max")...)
		case len(parts) == 3 && parts[1] == "memory":
			files = append(files, upwards("sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes")...)
		}
	}
	return files
}

// upwards names a file in dir, below root, and in each directory on the way
// up: a container may see itself at the top although it is told a longer path.
func upwards(root, dir, name string) (files []string) {
	for dir = path.Clean("/" + dir); ; dir = path.Dir(dir) {
		files = append(files, path.Join(root, dir, name))
		if dir == "/" {
			return files
		}
	}
}
