package postgres

import (
	"context"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

// Records implements [service.Store].
func (s *Store) Records(ctx context.Context, after *service.Position, limit int) ([]service.Record, error) {
	st := &statement{columns: recordColumns}
	st.walk(service.ListQuery{After: after}, limit)
	found, err := query(ctx, s, scanRecord, st.text(), st.args...)
	records := make([]service.Record, len(found))
	for i, r := range found {
		records[i] = *r
	}
	return records, err
}

// ImportUsers implements [service.Store].
func (s *Store) ImportUsers(ctx context.Context, rows []service.ImportRow, o service.ImportOptions) ([]service.ImportResult, error) {
	var results []service.ImportResult
	j := &job{at: o.At, ids: make([]uuid.UUID, len(rows)), emails: make([]string, len(rows)),
		plan: func(v *plan.View) error {
			results = v.Import(rows, o)
			return nil
		}}
	for i := range rows {
		j.ids[i], j.emails[i] = rows[i].Record.User.ID, rows[i].Record.Keys.Email
	}
	if err := s.writer.change(ctx, j); err != nil {
		return nil, err
	}
	return results, nil
}
