package memory

import (
	"context"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

// Records implements [service.Store].
func (s *Store) Records(ctx context.Context, after *service.Position, limit int) ([]service.Record, error) {
	found, err := s.list(ctx, service.ListQuery{After: after, Limit: limit})
	records := make([]service.Record, len(found))
	for i, r := range found {
		records[i] = *r
	}
	return records, err
}

// ImportUsers implements [service.Store].
func (s *Store) ImportUsers(ctx context.Context, rows []service.ImportRow, o service.ImportOptions) ([]service.ImportResult, error) {
	var results []service.ImportResult
	err := s.change(ctx, o.At, func(v *plan.View) error {
		results = v.Import(rows, o)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// outgrows tells whether n more changes, of which these are users that an
// import creates, make a run of such changes that is longer than the change log.
// Then the log is cut off behind them, so that most of a big import need not be
// written twice and once more to drop it: who has followed the log until then
// has to list the users afresh in any case. That is for a store that imports and
// is not followed meanwhile: a server creates users in the same way, some at a time.
func (s *Store) outgrows(n, imported int) bool {
	if !s.config.Importing {
		return false
	}
	if n == 0 || n > imported {
		s.run = 0
	} else {
		s.run += n
	}
	return s.run > s.config.KeepChanges
}
