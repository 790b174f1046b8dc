package memory_test

import (
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/userd/userd/service"
)

// faults are the ways in which a disk can refuse changes.
var faults = []struct {
	name      string
	beginning func(*forgetfulDisk)
}{
	{"full", func(d *forgetfulDisk) { d.limit(1) }},
	{"writes fail", func(d *forgetfulDisk) { d.breakWith(syscall.EIO, 0) }},
	{"fsync fails", func(d *forgetfulDisk) { d.breakWith(0, syscall.EIO) }},
	{"everything fails", func(d *forgetfulDisk) { d.breakWith(syscall.EIO, syscall.EIO) }},
}

func (d *forgetfulDisk) mend() {
	d.limit(0)
	d.breakWith(0, 0)
}

// somewhat is a store with a few steps on a disk that works, and these steps.
func somewhat(t *testing.T) (*forgetfulDisk, *remote, map[int]int) {
	t.Helper()
	disk := newDisk(nil)
	store := startStore(t, filepath.Join(mount(t, disk), "users.db"))
	for step := range 20 {
		if a := store.ask("step", step%3); a.Error != "" {
			t.Fatal(a.Error)
		}
	}
	return disk, store, store.ask("steps", 0).Steps
}

// refused fails unless the answer is that the change was not made for now.
func refused(t *testing.T, a answer) {
	t.Helper()
	if a.Code != service.CodeUnavailable {
		t.Errorf("the answer is %q %q, want %s", a.Code, a.Error, service.CodeUnavailable)
	}
}

func same(t *testing.T, what string, got, want map[int]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: the authors' last steps are %v, want %v", what, got, want)
	}
}

func TestFailingDiskRefusesChangesAndNothingElse(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			disk, store, before := somewhat(t)
			fault.beginning(disk)
			for range 10 {
				refused(t, store.ask("step", 1))
			}
			refused(t, store.ask("ping", 0))
			same(t, "reading goes on", store.ask("steps", 0).Steps, before)
			same(t, "the file, as after a kill at this moment", stepsOn(t, disk.content()), before)

			disk.mend()
			mended := time.Now()
			eventually(t, "the store to recover", func() bool { return store.ask("ping", 0).Error == "" })
			if took := time.Since(mended); took > 2*time.Second { // it is one second on a machine that is not busy
				t.Errorf("it took %v to recover", took)
			}
			if a := store.ask("step", 1); a.Error != "" {
				t.Errorf("after the recovery: %v", a.Error)
			}
			after := maps.Clone(before)
			after[1]++
			same(t, "after the recovery", store.ask("steps", 0).Steps, after)
			same(t, "after a power cut", stepsOn(t, disk.image(survivors{}, nil)), after)
			store.stop()
			same(t, "after the end", stepsOn(t, disk.content()), after)
		})
	}
}

// TestKillRightAfterARefusalBringsNothingBack kills the store the moment it
// has refused a change whose fsync failed: all of the change has been written
// by then, and the next start must not take it for one that was made.
func TestKillRightAfterARefusalBringsNothingBack(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			for range 2 {
				t.Run("kill", func(t *testing.T) {
					disk, store, before := somewhat(t)
					fault.beginning(disk)
					refused(t, store.ask("step", 2))
					store.kill()
					same(t, "after the kill", stepsOn(t, disk.content()), before)
				})
			}
		})
	}
}

func TestFullDiskUnderLoadRecovers(t *testing.T) {
	const ballast = "somebody else's file"
	disk := newDisk(map[string][]byte{ballast: make([]byte, 22<<20)})
	disk.limit(24 << 20)
	path := filepath.Join(mount(t, disk), "users.db")
	store := startStore(t, path)
	const authors = 128
	acknowledged := make(map[int]int)
	store.order("write", authors)
	for refusals := 0; refusals < authors; { // each author stops at the first
		a := store.next()
		if a.Error != "" {
			refused(t, a)
			refusals++
		} else {
			acknowledged[a.Author] = a.Step
		}
	}
	same(t, "in memory", store.ask("steps", 0).Steps, acknowledged)
	same(t, "in the file", stepsOn(t, disk.content()), acknowledged)
	same(t, "after a power cut", stepsOn(t, disk.image(survivors{}, nil)), acknowledged)
	if err := os.Remove(filepath.Join(filepath.Dir(path), ballast)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the store to recover", func() bool { return store.ask("step", 0).Error == "" })
	acknowledged[0]++
	store.kill()
	same(t, "at the end", stepsOn(t, disk.content()), acknowledged)
}

// A key that the disk has refused is not there, and one that was revoked is.
func TestFailingDiskRefusesKeys(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			disk, store, before := somewhat(t)
			fault.beginning(disk)
			for range 3 {
				refused(t, store.ask("key", 1))
			}
			disk.mend()
			eventually(t, "the store to recover", func() bool { return store.ask("ping", 0).Error == "" })
			if a := store.ask("key", 1); a.Error != "" { // it is not taken
				t.Errorf("after the recovery: %v", a.Error)
			}
			if a := store.ask("key", 1); a.Code != service.CodeKeyTaken {
				t.Errorf("the same again: %v", a.Error)
			}
			same(t, "users", store.ask("steps", 0).Steps, before)
		})
	}
}
