package memory

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/userd/userd/service"
)

// progressInterval is how often a long load is reported.
const progressInterval = 2 * time.Second

// load fills the tables from the journal.
func (s *Store) load(ctx context.Context) error {
	state := s.journal.State()
	started := time.Now()
	report := started.Add(progressInterval)
	var records []*service.Record
	err := s.journal.Load(ctx, func(r *service.Record) {
		records = append(records, r)
		if len(records)%1024 == 0 && time.Now().After(report) {
			report = time.Now().Add(progressInterval)
			s.config.Log.Info("loading users", "loaded", len(records), "of", state.Users)
		}
	})
	if err != nil {
		return err
	}
	all, err := s.journal.Keys(ctx)
	if err != nil {
		return err
	}
	for _, k := range all {
		s.keys[k.Name] = k
	}
	if err := s.journal.Items(ctx, func(i *service.Item) { s.items.replace(nil, i) }); err != nil {
		return err
	}
	build := tablesOf
	if s.config.Importing {
		build = unindexedOf
	}
	if s.tables, err = build(records); err != nil {
		return s.journal.Damaged(err)
	}
	if len(records) > 100_000 {
		records = nil
		debug.FreeOSMemory() // loading takes half as much again as what it leaves
	}
	if err := s.journal.Start(ctx); err != nil {
		return err
	}
	s.erasure.due = true // a process that has ended may have left deleted values in the file
	s.log.id, s.log.first, s.log.last = state.LogID, state.FirstSeq, state.LastSeq
	s.config.Log.Info("users loaded", "users", s.tables.users(), "duration", time.Since(started))
	return nil
}
