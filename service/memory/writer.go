package memory

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
	"github.com/userd/userd/service/memory/journal"
)

const (
	// maxBatch bounds how many changes share one transaction, and so how long
	// the first of them waits for the others.
	maxBatch = 256
	// patience is how often the writer lets others run, with nobody queueing up
	// meanwhile, before it goes on with fewer changes than the last time: 10 µs or so.
	patience = 64
	// probeInterval is how often a disk that refused a change is tried again.
	probeInterval = 200 * time.Millisecond
	// tidyInterval is how often changes that are too old are looked for, and how
	// long the values of a deleted user stay in the file.
	tidyInterval = time.Minute
	// maxPrune bounds how many more changes one transaction drops than it adds.
	maxPrune = 1000
	// pauseInterval is the pause between two transactions that tidy up, for others.
	pauseInterval = 10 * time.Millisecond
)

// job is a change on its way through the writer.
type job struct {
	ctx context.Context
	at  time.Time
	// plan stages what is to change, given the records that there will be when
	// the change's turn comes. When it returns an error it has staged nothing.
	plan func(*plan.View) error
	// alone is done by itself, in the place of a plan.
	alone func() error

	done chan struct{}
	err  error
}

// change has the writer carry out plan.
func (s *Store) change(ctx context.Context, at time.Time, plan func(*plan.View) error) error {
	return s.do(&job{ctx: ctx, at: at, plan: plan})
}

// do has the writer carry out j.
func (s *Store) do(j *job) error {
	j.done = make(chan struct{})
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	if err := s.submit(j); err != nil {
		return err
	}
	<-j.done // once its turn has come a change is not called off: its outcome would be unknown
	return j.err
}

// submit hands j to the writer.
func (s *Store) submit(j *job) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return errors.New("the store is closed")
	}
	select {
	case s.jobs <- j:
		return nil
	case <-j.ctx.Done():
		return context.Cause(j.ctx)
	}
}

// write carries out the changes, one batch after the other. It is the only
// goroutine that changes tables, and therefore reads them without the lock.
func (s *Store) write() {
	defer close(s.written)
	tidy := time.NewTicker(s.config.tidyInterval)
	defer tidy.Stop()
	probe := time.NewTicker(probeInterval)
	defer probe.Stop()
	callers := 0 // who were answered last, and who waited then
	var again <-chan time.Time
	for {
		select {
		case j, ok := <-s.jobs:
			if !ok {
				return
			}
			batch := s.collect(j, callers)
			callers = len(batch) + len(s.jobs)
			s.carryOut(batch)
		case <-tidy.C:
			s.beginErasure()
			again = s.tidyUp()
		case <-again:
			again = s.tidyUp()
		case <-probe.C:
			s.probe()
		}
	}
}

// collect adds to j what waits behind it. When fewer wait than expected, callers
// that have just been answered get the chance to queue up again first: sixteen
// of them then change half as much again in the same time, and a single one
// loses nothing.
func (s *Store) collect(j *job, expected int) []*job {
	for pass, queued := 0, 0; queued+1 < expected && pass < patience; pass++ {
		if n := len(s.jobs); n > queued {
			queued, pass = n, 0
		}
		runtime.Gosched()
	}
	batch := []*job{j}
	for len(batch) < maxBatch {
		select {
		case j, ok := <-s.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// carryOut commits what the jobs plan as one transaction, then publishes it,
// then answers. When the disk refuses, it refuses every job: even one that
// failed for another reason may have failed because of a change that is not.
func (s *Store) carryOut(batch []*job) {
	defer func() {
		for _, j := range batch {
			close(j.done)
		}
	}()
	v := plan.NewView(source{s.tables, s.items})
	entries := make([]journal.Entry, 0, len(batch))
	for _, j := range batch {
		if j.alone != nil {
			j.err = s.alone(j)
			continue
		}
		j.err = s.planned(j, v)
		for _, step := range v.Steps[len(entries):] {
			c := service.NewChange(step.Old, step.New, j.at, service.OriginOf(j.ctx))
			c.Seq = s.log.last + int64(len(entries)) + 1
			entries = append(entries, journal.Entry{Old: step.Old, New: step.New, Change: c})
		}
	}
	items := s.items.net(v)
	if len(entries) == 0 && len(items) == 0 {
		return
	}
	if err := s.commit(entries, v.Imported, items...); err != nil {
		for _, j := range batch {
			if j.alone == nil {
				j.err = err
			}
		}
	}
}

// planned carries out j's plan, unless its caller has gone.
func (s *Store) planned(j *job, v *plan.View) error {
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	return j.plan(v)
}

// commit writes entries and items to the journal, then lets readers see them.
// Of the users with these ids, who were imported, the changes of former ones
// with the same id lose their values.
func (s *Store) commit(entries []journal.Entry, imported map[uuid.UUID]bool, items ...journal.ItemEntry) error {
	keepFrom := s.keepFrom(int64(len(entries)))
	if s.outgrows(len(entries), len(imported)) {
		keepFrom = s.log.last + int64(len(entries)) + 1
	}
	if s.journal != nil {
		if err := s.commitJournal(entries, keepFrom, items); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erasure.moved = true
	changes := make([]service.Change, len(entries))
	for i, e := range entries {
		s.tables.replace(e.Old, e.New)
		s.erasure.due = s.erasure.due || e.New == nil
		changes[i] = e.Change
	}
	for _, i := range items {
		s.items.put(i)
	}
	s.log.append(changes)
	s.log.eraseFormer(imported)
	s.log.dropBefore(keepFrom)
	if len(entries) > 0 {
		close(s.grown)
		s.grown = make(chan struct{})
	}
	return nil
}

// forget tells readers that changes will be gone before they are: one that
// reads them from the journal looks here afterwards whether it missed any.
func (s *Store) forget(before int64) {
	if before <= s.log.first {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.dropBefore(before)
}

// commitJournal writes entries and items to the disk. After a failure it refuses at once
// until a probe has gone through: a failed fsync says nothing about what is on
// the disk, and trying the same again could seem to work without working.
func (s *Store) commitJournal(entries []journal.Entry, keepFrom int64, items []journal.ItemEntry) error {
	if err := s.diskError(); err != nil {
		return err
	}
	s.forget(keepFrom)
	start := time.Now()
	if err := s.journal.Commit(entries, keepFrom, items...); err != nil {
		s.diskFailed(err)
		return s.diskError()
	}
	s.config.Committed(len(entries)+len(items), time.Since(start))
	return nil
}

// probe lets changes through again once the disk takes a transaction.
func (s *Store) probe() {
	if s.diskError() == nil {
		return
	}
	if err := s.journal.Probe(); err == nil {
		s.diskRecovered()
	}
}

// keepFrom is the oldest change that stays when n more are added. What has to
// go beyond as many goes in portions, to keep transactions short.
func (s *Store) keepFrom(n int64) int64 {
	from := max(s.log.last+n-int64(s.config.KeepChanges)+1, s.tooOld)
	return min(from, s.log.first+n+maxPrune)
}

// tidyUp drops some of the changes and items that are not to be kept, clears some
// of the file, and tells when to go on with the rest, if there may be any.
func (s *Store) tidyUp() (again <-chan time.Time) {
	pruned, dropped, swept := s.pruneOld(), s.dropExpired(), s.sweep()
	if pruned || dropped || swept {
		return time.After(pauseInterval)
	}
	return nil
}

// pruneOld finds the changes that have become too old and drops the first of
// them. It reports whether it did.
func (s *Store) pruneOld() bool {
	seq, err := s.firstSince(s.config.Now().Add(-s.config.KeepChangesFor))
	if err != nil {
		s.config.Log.Error("cannot look for old changes", "error", err)
		return false
	}
	s.tooOld = seq
	if s.keepFrom(0) <= s.log.first {
		return false
	}
	if err := s.commit(nil, nil); err != nil {
		s.config.Log.Error("cannot drop old changes", "error", err)
		return false
	}
	return true
}

// firstSince is the first change that is not before t, among as many as one
// transaction drops: the others would be looked at again for each portion.
func (s *Store) firstSince(t time.Time) (int64, error) {
	if s.journal != nil {
		return s.journal.FirstSince(t, maxPrune)
	}
	oldest := s.log.tail[:min(len(s.log.tail), maxPrune)]
	for _, c := range oldest {
		if !c.At.Before(t) {
			return c.Seq, nil
		}
	}
	return s.log.tailFirst() + int64(len(oldest)), nil
}
