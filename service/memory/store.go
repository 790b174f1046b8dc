// Package memory is the store that answers from memory: maps and ordered
// indexes behind one RWMutex. Opened on a file, it has each change on the disk
// before it is acknowledged, and starts with what the file holds.
package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
	"github.com/userd/userd/service/memory/journal"
)

// Config has what a store can be told; its zero value works.
type Config struct {
	// KeepChanges is how many changes the log keeps; zero means 100000.
	KeepChanges int
	// KeepChangesFor is how long it keeps them; zero means 30 days.
	KeepChangesFor time.Duration
	// Importing has a store on a file build its indexes when it is first asked
	// for a list, and cut the change log off behind users whom it creates by
	// imports when they are more than the log keeps. It is for a program that imports:
	// that asks for no list, and nobody follows it.
	Importing bool
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// LogID is the id of the change log of a store without a file; empty means
	// one that no other log has. Cursors are made of it.
	LogID string
	// Committed is told of each transaction: how many changes of users and items
	// it made and how long the disk took for it. nil means nobody is.
	Committed func(changes int, took time.Duration)
	// Log is told of long loads and of what the disk does; nil discards it.
	Log *slog.Logger

	tidyInterval time.Duration // zero means the constant; for tests
}

func (c Config) withDefaults() Config {
	if c.KeepChanges == 0 {
		c.KeepChanges = 100_000
	}
	if c.KeepChangesFor == 0 {
		c.KeepChangesFor = 30 * 24 * time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Committed == nil {
		c.Committed = func(int, time.Duration) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.tidyInterval == 0 {
		c.tidyInterval = tidyInterval
	}
	return c
}

// Store is a [service.Store] in memory. Make one with [New] or [Open].
type Store struct {
	config  Config
	journal *journal.Journal // nil when nothing is kept on disk

	closing sync.RWMutex  // held for reading while a job is handed over
	closed  bool          // guarded by closing
	jobs    chan *job     // guarded by closing; the writer's own to read from
	written chan struct{} // guarded by closing; closed when the writer has ended
	tooOld  int64         // the writer's own: changes before it are to go
	run     int           // the writer's own: how many changes there have been that are nothing but imported users
	erasure erasure       // the writer's own

	mu     sync.RWMutex
	tables *tables       // guarded by mu; changed by the writer alone
	log    *changeLog    // guarded by mu; changed by the writer alone
	keys   keys          // guarded by mu; changed by the writer alone
	items  *items        // guarded by mu; changed by the writer alone
	grown  chan struct{} // guarded by mu; closed when log has grown
	disk   error         // guarded by mu; why the disk takes no changes
}

var _ service.Store = (*Store)(nil)

// New returns an empty store that keeps nothing beyond the process.
func New() *Store { return NewWith(Config{}) }

// NewWith is New with a configuration.
func NewWith(c Config) *Store {
	s := newStore(c)
	s.log.id, s.log.keep = cmp.Or(c.LogID, rand.Text()), s.config.KeepChanges
	go s.write()
	return s
}

// Open returns a store on the file at path. See [journal.Open] for which files
// it refuses.
func Open(ctx context.Context, path string, c Config) (*Store, error) {
	j, err := journal.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	s := newStore(c)
	s.journal = j
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	go s.write()
	return s, nil
}

func newStore(c Config) *Store {
	c = c.withDefaults()
	return &Store{
		config:  c,
		jobs:    make(chan *job, maxBatch),
		written: make(chan struct{}),
		tables:  newTables(),
		log:     newChangeLog(maxTail),
		keys:    make(keys),
		items:   newItems(),
		grown:   make(chan struct{}),
	}
}

// Close lets the changes in hand finish and releases the file.
func (s *Store) Close() error {
	s.closing.Lock()
	defer s.closing.Unlock()
	if !s.closed {
		s.closed = true
		s.endWriter()
	}
	if s.journal == nil {
		return nil
	}
	return s.journal.Close()
}

// endWriter lets the changes in hand finish and ends the writer. The caller
// holds closing, so that none follow.
func (s *Store) endWriter() {
	close(s.jobs)
	<-s.written
}

// CreateUser implements [service.Store].
func (s *Store) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	return s.change(ctx, r.User.CreatedAt, func(v *plan.View) error { return v.Create(r, items...) })
}

// UpdateUser implements [service.Store].
func (s *Store) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (updated service.User, err error) {
	err = s.change(ctx, u.At, func(v *plan.View) error {
		updated, err = v.Update(id, u)
		return err
	})
	if err != nil {
		return service.User{}, err
	}
	return updated, nil
}

// DeleteUser implements [service.Store].
func (s *Store) DeleteUser(ctx context.Context, id uuid.UUID, d service.Deletion) error {
	return s.change(ctx, d.At, func(v *plan.View) error { return v.Delete(id, d) })
}
