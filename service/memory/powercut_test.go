package memory_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/userd/userd/service/memory"
)

const powerCutAuthors = 32

// TestPowerCutLosesNothingAcknowledged cuts the power of a disk while authors
// write, again and again, and looks at what is left. A kill -9 would prove
// nothing here: it leaves the page cache. The long form is
//
//	POWER_CUTS=60 go test ./service/memory -run PowerCutLoses -timeout 30m -v
func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	cuts := powerCuts(t)
	for _, s := range []survivors{{"nothing unsynced survives", 0}, {"some pages survive", 4096}, {"some sectors survive", sector}} {
		t.Run(s.name, func(t *testing.T) {
			files, total := map[string][]byte(nil), 0
			for cut := range cuts {
				acknowledged, image := cutPower(t, newDisk(files), s)
				files = image
				total += sum(acknowledged)
				if lost := compare(t, image, acknowledged); lost > 0 {
					t.Fatalf("cut %d lost %d of %d acknowledged changes", cut+1, lost, sum(acknowledged))
				}
			}
			t.Logf("%d cuts, none of the acknowledged changes lost; %d at the last one", cuts, total)
		})
	}
}

// TestPowerCutOfADiskThatDoesNotSyncLoses is the proof that the test above can
// fail: with fsyncs that do nothing, which is what synchronous=OFF amounts to,
// acknowledged changes must be lost.
func TestPowerCutOfADiskThatDoesNotSyncLoses(t *testing.T) {
	lost, all := 0, 0
	for range powerCuts(t) {
		disk := newDisk(nil)
		disk.pretends = true
		acknowledged, image := cutPower(t, disk, survivors{"nothing unsynced survives", 0})
		all += sum(acknowledged)
		lost += compare(t, image, acknowledged)
	}
	if lost == 0 {
		t.Errorf("all of %d changes survived although nothing was synced: the power cuts cut nothing", all)
	}
	t.Logf("without fsync %d of %d acknowledged changes were lost", lost, all)
}

func powerCuts(t *testing.T) int {
	text := os.Getenv("POWER_CUTS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatal("POWER_CUTS must be a number greater than 0")
	}
	return n
}

// cutPower lets authors write on the disk and cuts its power at a random
// moment. It returns the steps that had been acknowledged by then, and what is
// left on the disk.
func cutPower(t *testing.T, disk *forgetfulDisk, s survivors) (acknowledged map[int]int, image map[string][]byte) {
	t.Helper()
	ok := t.Run("cut", func(t *testing.T) { // its end unmounts the disk
		store := startStore(t, filepath.Join(mount(t, disk), "users.db"))
		acknowledged = maps.Clone(store.steps)
		store.order("write", powerCutAuthors)
		for range 1 + rand.IntN(3000) {
			a := store.next()
			if a.Error != "" {
				t.Fatal(a.Error)
			}
			acknowledged[a.Author] = a.Step
		}
		image = disk.image(s, rand.New(rand.NewPCG(rand.Uint64(), 0)))
		store.kill()
	})
	if !ok {
		t.FailNow()
	}
	if image == nil {
		t.SkipNow()
	}
	return acknowledged, image
}

// compare opens what is left on a disk and counts the acknowledged steps that
// are not there. What is there must be whole and in order all the same.
func compare(t *testing.T, image map[string][]byte, acknowledged map[int]int) (lost int) {
	t.Helper()
	store, err := memory.Open(context.Background(), filepath.Join(saved(t, image), "users.db"), memory.Config{KeepChanges: 10_000_000})
	if err != nil {
		t.Fatalf("after the cut: %v", err)
	}
	defer store.Close()
	steps, err := stepsIn(store)
	if err != nil {
		t.Fatalf("after the cut: %v", err)
	}
	for author, step := range acknowledged {
		lost += max(0, step-steps[author])
	}
	return lost
}

func sum(steps map[int]int) (n int) {
	for _, s := range steps {
		n += s
	}
	return n
}
