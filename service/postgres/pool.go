package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/userd/userd/service"
)

const (
	// maxReading bounds how many reads are under way or wait for a connection;
	// further ones are refused at once.
	maxReading = 1000
	// maxTries is how often a read, or a transaction that is known not to have
	// happened, is tried.
	maxTries = 3
	// resetInterval is the least time between two times of emptying the pool:
	// when the server goes away many reads find out at once.
	resetInterval = 100 * time.Millisecond
)

// tune fits pc to what conn shows of the server. Behind a pooler that hands
// out connections transaction by transaction, no session keeps anything: no
// prepared statement, no setting, no LISTEN. Such a pooler makes up the process
// id that it tells its clients.
func tune(ctx context.Context, pc *pgxpool.Config, conn *pgx.Conn) error {
	var pid uint32
	if err := conn.QueryRow(ctx, backendPID, pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return err
	}
	if pid != conn.PgConn().PID() && pc.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if !isPooled(pc) {
		pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", readTimeout.Milliseconds()))
			return err
		}
	}
	return nil
}

// isPooled tells whether sessions keep nothing.
func isPooled(pc *pgxpool.Config) bool {
	return pc.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement
}

// read calls do with a connection of the pool, again if the connection turns
// out to be lost: a read can be repeated.
func read[T any](ctx context.Context, s *Store, do func(context.Context, *pgx.Conn) (T, error)) (v T, err error) {
	if ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	if s.reading.Add(1) > maxReading {
		s.reading.Add(-1)
		return v, errTooManyReads()
	}
	defer s.reading.Add(-1)
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for try := 1; ; try++ {
		v, err = readOnce(limited, s, do)
		switch {
		case err == nil:
			return v, nil
		case ctx.Err() != nil:
			return v, errors.Join(context.Cause(ctx), err)
		case isLost(err) || isOfClass(err, readOnly):
			s.resetPool()
		}
		if try == maxTries || limited.Err() != nil || !isTransient(err) {
			return v, unavailable(err)
		}
	}
}

func errTooManyReads() error {
	return &service.UnavailableError{Reason: "Too many requests wait for the database; try again in a moment.", RetryAfter: time.Second}
}

func readOnce[T any](ctx context.Context, s *Store, do func(context.Context, *pgx.Conn) (T, error)) (v T, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return v, err
	}
	defer conn.Release()
	v, err = do(ctx, conn.Conn())
	return v, ifLost(conn.Conn(), err)
}

// acquire takes a connection from the pool, or gives up when none comes free.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, &lostError{fmt.Errorf("get a connection: %w", err)}
	}
	return conn, nil
}

// resetPool closes the pool's connections, because one of them has turned out
// to lead nowhere, or to a replica.
func (s *Store) resetPool() {
	now := time.Now().UnixNano()
	if last := s.lastReset.Load(); now-last > int64(resetInterval) && s.lastReset.CompareAndSwap(last, now) {
		s.pool.Reset()
	}
}
