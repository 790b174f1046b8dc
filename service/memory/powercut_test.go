package memory_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	for _, s := range []survivors{{"nothing unsynced survives", 0}, {"some pages survive", 4096}, {"some sectors survive", sector}} {
		t.Run(s.name, func(t *testing.T) {
			files, all := map[string][]byte(nil), 0
			cuts := powerCuts(t)
			for cut := range cuts {
				c := cutPower(t, newDisk(files), s)
				files, all = c.image, all+c.answers
				if lost := c.lost(stepsOn(t, c.image)); lost > 0 {
					t.Fatalf("cut %d lost %d acknowledged changes", cut+1, lost)
				}
			}
			t.Logf("%d cuts, %d changes acknowledged, none lost", cuts, all)
		})
	}
}

// TestPowerCutOfADiskThatDoesNotSyncLoses is the proof that the test above can
// fail. A disk on which no fsync does anything is what synchronous=OFF amounts
// to, one on which those of the write-ahead log do nothing what
// synchronous=NORMAL does, between two checkpoints: both must lose
// acknowledged changes.
func TestPowerCutOfADiskThatDoesNotSyncLoses(t *testing.T) {
	for what, pretends := range map[string]func(string) bool{
		"anything":            func(string) bool { return true },
		"the write-ahead log": func(name string) bool { return strings.HasSuffix(name, "-wal") },
	} {
		t.Run(what, func(t *testing.T) {
			first := cutPower(t, newDisk(nil), survivors{})
			disk := newDisk(first.image)
			disk.pretends = pretends
			c := cutPower(t, disk, survivors{})
			steps, err := openSteps(t, c.image)
			if err == nil && c.lost(steps) == 0 {
				t.Errorf("all of %d changes survived although nothing was synced: the power cut has cut nothing", c.answers)
			}
			t.Logf("of %d acknowledged changes %d were lost, with the error %v", c.answers, c.lost(steps), err)
		})
	}
}

func powerCuts(t *testing.T) int {
	text := os.Getenv("POWER_CUTS")
	if text == "" {
		return 2
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatal("POWER_CUTS must be a number greater than 0")
	}
	return n
}

// powerCut is a cut and what was known when it came.
type powerCut struct {
	// acknowledged are the authors' last steps that had been acknowledged.
	acknowledged map[int]int
	// answers is how many steps were acknowledged since the cut before.
	answers int
	// image is what is left on the disk.
	image map[string][]byte
}

// cutPower lets authors write on the disk and cuts its power at a random
// moment.
func cutPower(t *testing.T, disk *forgetfulDisk, s survivors) (c powerCut) {
	t.Helper()
	passed := t.Run("cut", func(t *testing.T) { // its end unmounts the disk
		store := startStore(t, filepath.Join(mount(t, disk), "users.db"))
		c.acknowledged, c.answers = maps.Clone(store.steps), 1+rand.IntN(3000)
		store.order("write", powerCutAuthors)
		for range c.answers {
			a := store.next()
			if a.Error != "" {
				t.Fatal(a.Error)
			}
			c.acknowledged[a.Author] = a.Step
		}
		c.image = disk.image(s, rand.New(rand.NewPCG(rand.Uint64(), 0)))
		store.kill()
	})
	switch {
	case !passed:
		t.FailNow()
	case c.image == nil:
		t.SkipNow()
	}
	return c
}

// lost counts the acknowledged steps that are not among these.
func (c *powerCut) lost(steps map[int]int) (n int) {
	for author, step := range c.acknowledged {
		n += max(0, step-steps[author])
	}
	return n
}

// stepsOn are the authors' last steps in these files, which must be whole.
func stepsOn(t *testing.T, files map[string][]byte) map[int]int {
	t.Helper()
	steps, err := openSteps(t, files)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func openSteps(t *testing.T, files map[string][]byte) (map[int]int, error) {
	t.Helper()
	store, err := memory.Open(context.Background(), filepath.Join(saved(t, files), "users.db"), keepAll)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return stepsIn(store)
}
