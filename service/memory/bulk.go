package memory

import (
	"context"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Records implements [service.Store].
func (s *Store) Records(ctx context.Context, after uuid.UUID, limit int) ([]service.Record, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var records []service.Record
	if err := s.rLockIndexed(ctx); err != nil {
		return nil, err
	}
	defer s.mu.RUnlock()
	s.tables.ids.Ascend(&service.Record{User: service.User{ID: after}}, func(r *service.Record) bool {
		if r.User.ID != after {
			records = append(records, *r)
		}
		return len(records) < limit
	})
	return records, nil
}

// ImportUsers implements [service.Store].
func (s *Store) ImportUsers(ctx context.Context, rows []service.ImportRow, o service.ImportOptions) ([]service.ImportResult, error) {
	results := make([]service.ImportResult, len(rows))
	err := s.change(ctx, o.At, func(v *view) error {
		if o.DryRun {
			v = v.clone()
		}
		for i := range rows {
			results[i] = v.importRow(&rows[i], o)
		}
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
// has to list the users afresh in any case.
func (s *Store) outgrows(n, imported int) bool {
	if n == 0 || n > imported {
		s.run = 0
	} else {
		s.run += n
	}
	return s.run > s.config.KeepChanges
}

// importRow stages what row changes.
func (v *view) importRow(row *service.ImportRow, o service.ImportOptions) service.ImportResult {
	id, key := row.Record.User.ID, row.Record.Keys.Email
	there, taken := v.record(id), error(&service.IDTakenError{})
	if there == nil {
		there, taken = v.withEmail(key), &service.EmailTakenError{}
	}
	switch {
	case there == nil:
		v.stage(nil, new(row.Record))
		v.imported[id] = true
		return service.ImportResult{Outcome: service.ImportCreated}
	case o.OnConflict == service.ConflictSkip:
		return service.ImportResult{Outcome: service.ImportSkipped}
	case o.OnConflict == service.ConflictUpdate:
		return v.importUpdate(there, row.Update(o.At))
	}
	return service.ImportResult{Outcome: service.ImportRefused, Err: taken}
}

func (v *view) importUpdate(old *service.Record, u service.Update) service.ImportResult {
	updated, err := v.update(old, u)
	switch {
	case err != nil:
		return service.ImportResult{Outcome: service.ImportRefused, Err: err}
	case updated == old:
		return service.ImportResult{Outcome: service.ImportUnchanged}
	}
	return service.ImportResult{Outcome: service.ImportUpdated}
}
