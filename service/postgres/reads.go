package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

// User implements [service.Store].
func (s *Store) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	return s.lookups.user(ctx, id)
}

// PasswordHash implements [service.Store].
func (s *Store) PasswordHash(ctx context.Context, id uuid.UUID) (string, error) {
	return read(ctx, s, func(ctx context.Context, conn *pgx.Conn) (hash string, err error) {
		err = conn.QueryRow(ctx, selectPasswordHash, [16]byte(id)).Scan(&hash)
		return hash, notFound(err, id)
	})
}

// HashSchemes implements [service.Store].
func (s *Store) HashSchemes(ctx context.Context) (map[string]int, error) {
	return read(ctx, s, func(ctx context.Context, conn *pgx.Conn) (map[string]int, error) {
		rows, err := conn.Query(ctx, countHashSchemes)
		if err != nil {
			return nil, err
		}
		schemes := make(map[string]int)
		var scheme string
		var users int
		_, err = pgx.ForEachRow(rows, []any{&scheme, &users}, func() error {
			schemes[scheme] = users
			return nil
		})
		return schemes, err
	})
}

// notFound is err, or what the absence of a row means.
func notFound(err error, id uuid.UUID) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return &service.UserNotFoundError{ID: id}
	}
	return err
}

// UsersByID implements [service.Store].
func (s *Store) UsersByID(ctx context.Context, ids []uuid.UUID) ([]service.User, error) {
	return query(ctx, s, scanUser, selectUsers, idArray(ids))
}

// query returns what scan makes of the rows of a query.
func query[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	return read(ctx, s, func(ctx context.Context, conn *pgx.Conn) ([]T, error) {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, scan)
	})
}

// idArray is ids in the form that pgx sends as they are.
func idArray(ids []uuid.UUID) [][16]byte {
	array := make([][16]byte, len(ids))
	for i, id := range ids {
		array[i] = id
	}
	return array
}
