package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// Some file systems have no hard links; how they say so differs.
func TestExportsAppearWithoutHardLinks(t *testing.T) {
	for _, refusal := range []syscall.Errno{syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS, syscall.EMLINK} {
		t.Run(refusal.Error(), func(t *testing.T) {
			p := site{t.TempDir()}
			link := func(oldName, newName string) error {
				return &os.LinkError{Op: "link", Old: oldName, New: newName, Err: refusal}
			}
			if err := publish(p.write(t, "finished", "users"), p.path("export"), link); err != nil {
				t.Error(err)
			}
			if err := publish(p.write(t, "finished", "others"), p.path("export"), link); !errors.Is(err, fs.ErrExist) {
				t.Errorf("over a file: %v", err)
			}
			if got, err := os.ReadFile(p.path("export")); err != nil || string(got) != "users" {
				t.Errorf("%q, %v", got, err)
			}
			if err := publish(p.path("nothing"), p.path("new"), link); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("of a file that is gone: %v", err)
			}
			if _, err := os.Lstat(p.path("new")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("an empty file is left over: %v", err)
			}
		})
	}
}
