package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

const (
	// fewMatches is up to how many users with a prefix are gathered and sorted.
	fewMatches = 2000
	// maxWalk is how many users are looked at in their order to find those with
	// a prefix.
	maxWalk = 20_000
)

// ListUsers implements [service.Store].
func (s *Store) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	switch {
	case q.Filter.EmailKey != "":
		return s.list(ctx, listing().byEmail(q))
	case q.Filter.Prefix != "":
		return s.search(ctx, q)
	}
	return s.list(ctx, listing().walk(q, q.Limit))
}

func (s *Store) list(ctx context.Context, st *statement) ([]service.KeyedUser, error) {
	return query(ctx, s, scanKeyedUser, st.text(), st.args...)
}

// search finds users with a prefix in one of two ways, as the memory store
// does: where few match, all of them are gathered and sorted; where many do,
// the order is walked along and those are picked that match, which soon are
// enough. Where they are not, because they lie far away, they are gathered
// after all.
func (s *Store) search(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	few, err := s.hasAtMost(ctx, fewMatches, listing().matches(q.Filter, false))
	if err != nil {
		return nil, err
	}
	if !few {
		found, err := s.list(ctx, listing().pick(q))
		if err != nil || len(found) == q.Limit {
			return found, err
		}
		if ended, err := s.hasAtMost(ctx, maxWalk-1, listing().walk(q, maxWalk)); err != nil || ended {
			return found, err
		}
	}
	return s.list(ctx, listing().gather(q))
}

// hasAtMost tells whether a query has at most n rows, looking at no more.
func (s *Store) hasAtMost(ctx context.Context, n int, st *statement) (bool, error) {
	limit := st.arg(n + 1)
	count, err := s.count(ctx, "SELECT count(*) FROM (SELECT 1 FROM ("+st.text()+") rows LIMIT "+limit+") rows", st.args...)
	return count <= n, err
}

// CountUsers implements [service.Store].
func (s *Store) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	switch {
	case f.EmailKey != "":
		st := listing().byEmail(service.ListQuery{Filter: f, Limit: 1})
		return s.count(ctx, "SELECT count(*) FROM ("+st.text()+") users", st.args...)
	case f.Prefix != "":
		st := listing().matches(f, true)
		return s.count(ctx, "SELECT count(*) FROM ("+st.text()+") users", st.args...)
	case f.IsActive == nil:
		return s.count(ctx, countAll)
	case *f.IsActive:
		return s.count(ctx, countActive)
	}
	return s.count(ctx, countInactive)
}

func (s *Store) count(ctx context.Context, sql string, args ...any) (int, error) {
	return read(ctx, s, func(ctx context.Context, conn *pgx.Conn) (n int, err error) {
		err = conn.QueryRow(ctx, sql, args...).Scan(&n)
		return n, err
	})
}
