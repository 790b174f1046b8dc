package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

// Changes implements [service.Store].
func (s *Store) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	sql, args := selectChanges, []any{q.After, q.Limit}
	if q.UserID != uuid.Nil {
		sql, args = selectChangesOfUser, append(args, [16]byte(q.UserID))
	}
	before := s.latest.now()
	rows, err := query(ctx, s, scanLoggedChange, sql, args...)
	if err != nil {
		return service.ChangeSlice{}, err
	}
	log := rows[0].log // there is a row even when there is no change
	s.latest.observe(before, log.Last)
	if err := log.Expired(q.After); err != nil {
		return service.ChangeSlice{}, err
	}
	slice := service.ChangeSlice{Through: log.Last}
	for _, row := range rows {
		if row.change != nil {
			slice.Changes = append(slice.Changes, *row.change)
		}
	}
	if n := len(slice.Changes); n == q.Limit {
		slice.Through = slice.Changes[n-1].Seq
	}
	return slice, nil
}

// loggedChange is a row of selectChanges: the log, and a change if there is one.
type loggedChange struct {
	log    service.ChangeLogState
	change *service.Change
}

func scanLoggedChange(row pgx.CollectableRow) (r loggedChange, err error) {
	var seq *int64
	var at *time.Time
	var kind, actor, request *string
	var user *[16]byte
	var version *int32
	var fields []service.FieldChange
	err = row.Scan(&r.log.ID, &r.log.First, &r.log.Last, &seq, &at, &kind, &user, &version, &fields, &actor, &request)
	if err != nil || seq == nil {
		return r, err
	}
	r.change = &service.Change{Seq: *seq, At: at.UTC(), Kind: service.ChangeKind(*kind), UserID: *user, Version: *version,
		Origin: service.Origin{Actor: *actor, RequestID: *request}}
	if len(fields) > 0 {
		r.change.Fields = fields
	}
	return r, nil
}

// ChangeLog implements [service.Store].
func (s *Store) ChangeLog(ctx context.Context) (service.ChangeLogState, error) {
	before := s.latest.now()
	log, err := read(ctx, s, logState)
	if err == nil {
		s.latest.observe(before, log.Last)
	}
	return log, err
}

func logState(ctx context.Context, conn *pgx.Conn) (log service.ChangeLogState, err error) {
	err = conn.QueryRow(ctx, selectLog).Scan(&log.ID, &log.First, &log.Last)
	return log, err
}

// AwaitChange implements [service.Store]. Changes of this copy wake at once,
// those of others when word of them comes.
func (s *Store) AwaitChange(ctx context.Context, after int64) error {
	return s.latest.await(ctx, after)
}
