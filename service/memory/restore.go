package memory

import (
	"errors"
	"maps"
	"slices"

	"github.com/userd/userd/service"
)

// Snapshot is all that a store held at one moment. It never changes.
type Snapshot struct {
	users []*service.Record // in the order of their ids
	items []*service.Item
	log   changeLog
	keys  keys
}

// Snapshot returns what the store holds now. It is for a store without a file,
// as is Restore.
func (s *Store) Snapshot() *Snapshot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return &Snapshot{s.tables.sorted(), s.items.byKey.Items(), s.log.clone(), maps.Clone(s.keys)}
}

// Restore has the store hold what it did when p was taken, its items, change log
// and keys too: the next change has the number that the first one after the snapshot
// had. Changes in hand finish before. Who waits for a change goes on to wait.
func (s *Store) Restore(p *Snapshot) error {
	if s.journal != nil {
		return errors.New("a store with a file is not restored from a snapshot")
	}
	tables, err := tablesOf(slices.Clone(p.users))
	if err != nil {
		return err
	}
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return errors.New("the store is closed")
	}
	s.endWriter()
	s.hold(tables, p)
	s.tooOld, s.run = 0, 0
	s.jobs, s.written = make(chan *job, maxBatch), make(chan struct{})
	go s.write()
	return nil
}

// hold shows readers tables, and the items, log and keys of p. There is no
// writer meanwhile.
func (s *Store) hold(tables *tables, p *Snapshot) {
	items := newItems()
	for _, i := range p.items {
		items.replace(nil, i)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables, s.items, s.log, s.keys = tables, items, new(p.log.clone()), maps.Clone(p.keys)
	close(s.grown) // to have them look what there is now
	s.grown = make(chan struct{})
}
