//go:build unix

package journal

import (
	"io/fs"
	"syscall"
)

// names is how many names a file has in its file system.
func names(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink) // whose type differs from system to system
	}
	return 1
}
