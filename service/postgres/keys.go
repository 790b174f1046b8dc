package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

// The statements about keys. Those that write come to the same when they are
// sent again, because nobody may know whether the first time counted.
const (
	selectKeys = `SELECT name, scopes, hash, created_at, last_used_at, revoked_at FROM userd_keys ORDER BY name`
	insertKey  = `INSERT INTO userd_keys AS k (name, scopes, hash, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET (scopes, hash, created_at, last_used_at, revoked_at) = ($2, $3, $4, NULL, NULL)
		WHERE k.revoked_at IS NOT NULL OR k.hash = $3`
	revokeKey = `UPDATE userd_keys SET revoked_at = $2 WHERE name = $1 AND (revoked_at IS NULL OR revoked_at = $2)`
	touchKey  = `UPDATE userd_keys SET last_used_at = $2 WHERE hash = $1 AND (last_used_at IS NULL OR last_used_at <= $3)`
	// A key that was shown, and a revocation, must not be lost with a server that
	// crashes, whatever its setting is.
	commitDurably = `SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`
	// When a key was last used may be lost, and is not worth waiting for a disk
	// or a standby.
	commitLightly = `SET LOCAL synchronous_commit = off`
)

// CreateKey implements [service.Store].
func (s *Store) CreateKey(ctx context.Context, k service.Key) error {
	n, err := s.changeKey(ctx, commitDurably, insertKey, k.Name, k.Scopes, k.Hash[:], k.CreatedAt)
	if err == nil && n == 0 {
		err = &service.KeyTakenError{}
	}
	return err
}

// RevokeKey implements [service.Store].
func (s *Store) RevokeKey(ctx context.Context, name string, at time.Time) error {
	n, err := s.changeKey(ctx, commitDurably, revokeKey, name, at)
	if err == nil && n == 0 {
		err = &service.KeyNotFoundError{}
	}
	return err
}

// TouchKey implements [service.Store].
func (s *Store) TouchKey(ctx context.Context, hash service.KeyHash, at time.Time) error {
	_, err := s.changeKey(ctx, commitLightly, touchKey, hash[:], at, at.Add(-service.KeyUseInterval))
	return err
}

// changeKey makes one change, in a transaction that begins with how it is to be
// committed, and returns how many keys it was about. Like a read it is tried
// again; where no try was answered, one of them may have counted.
func (s *Store) changeKey(ctx context.Context, how, sql string, args ...any) (n int64, err error) {
	sent := false
	n, err = read(ctx, s, func(ctx context.Context, conn *pgx.Conn) (int64, error) {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return 0, err
		}
		defer tx.Rollback(ctx) // which does nothing after a commit
		if _, err := tx.Exec(ctx, how); err != nil {
			return 0, err
		}
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return 0, err
		}
		err = tx.Commit(ctx)
		sent = sent || !isRolledBack(err)
		return tag.RowsAffected(), err
	})
	if err != nil && sent {
		return 0, &service.OutcomeUnknownError{Err: err}
	}
	return n, err
}

// Keys implements [service.Store].
func (s *Store) Keys(ctx context.Context) ([]service.Key, error) {
	return query(ctx, s, scanKey, selectKeys)
}

func scanKey(row pgx.CollectableRow) (k service.Key, err error) {
	var hash []byte
	err = row.Scan(&k.Name, &k.Scopes, &hash, &k.CreatedAt, (*timeOrNull)(&k.LastUsedAt), (*timeOrNull)(&k.RevokedAt))
	copy(k.Hash[:], hash)
	k.CreatedAt = k.CreatedAt.UTC()
	return k, err
}
