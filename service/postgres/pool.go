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
	// acquireResetInterval is that for want of a connection. What the pool has
	// got since it was last emptied took its time, past a server that hangs, and
	// must not be thrown away by whoever could not wait for it.
	acquireResetInterval = 10 * time.Second
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
		pc.AfterConnect = setUpSession
	}
	return nil
}

// setUpSession bounds what a statement may take.
func setUpSession(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", readTimeout.Milliseconds()))
	return err
}

// isPooled tells whether sessions keep nothing.
func isPooled(pc *pgxpool.Config) bool {
	return pc.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement
}

// errNoConnection says that no connection came free, nor could be made, in time.
var errNoConnection = errors.New("no connection within the time for it")

// errBusy refuses a read while others are answered.
var errBusy = &service.UnavailableError{Reason: "Too many requests wait for the database; try again in a moment.", RetryAfter: time.Second}

// read calls do with a connection of the pool, again if the connection turns
// out to be lost: a read can be repeated.
func read[T any](ctx context.Context, s *Store, do func(context.Context, *pgx.Conn) (T, error)) (v T, err error) {
	if ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	if s.reading.Add(1) > maxReading {
		s.reading.Add(-1)
		return v, errBusy
	}
	defer s.reading.Add(-1)
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for try := 1; ; try++ {
		v, err = readOnce(limited, s, do)
		switch {
		case err == nil:
			s.lastRead.Store(time.Now().UnixNano())
			return v, nil
		case ctx.Err() != nil:
			return v, errors.Join(context.Cause(ctx), err)
		case errors.Is(err, errNoConnection):
			s.resetPool(acquireResetInterval)
		case isLost(err):
			s.resetPool(resetInterval)
		}
		if try == maxTries || limited.Err() != nil || !isTransient(err) {
			return v, unavailable(err)
		}
	}
}

func readOnce[T any](ctx context.Context, s *Store, do func(context.Context, *pgx.Conn) (T, error)) (v T, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return v, err
	}
	defer conn.Release()
	v, err = do(ctx, conn.Conn())
	if err == nil && isReplica(conn.Conn()) || err == errReplica {
		s.leave(conn.Hijack())
		return v, errReplica
	}
	return v, ifLost(conn.Conn(), err)
}

// errReplica says that an answer comes from a server which is not the primary.
var errReplica error = &lostError{errors.New("the server has become a replica")}

// isReplica tells whether the server has said, since PostgreSQL 14 with the
// answer to the first statement after it happened, that it takes no writes.
func isReplica(conn *pgx.Conn) bool {
	status := conn.PgConn().ParameterStatus
	return status("default_transaction_read_only") == "on" || status("in_hot_standby") == "on"
}

// acquire takes a connection from the pool, or gives up when none comes free.
func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := s.pool.Acquire(ctx)
	switch {
	case err != nil && ctx.Err() != nil && s.lastRead.Load() > time.Now().Add(-acquireTimeout).UnixNano():
		return nil, errBusy // emptying the pool would make it worse
	case err != nil && ctx.Err() != nil:
		return nil, &lostError{errNoConnection}
	case err != nil:
		return nil, &lostError{fmt.Errorf("get a connection: %w", err)}
	}
	return conn, nil
}

// leave gives up all connections to the server of conn, which has become a
// replica: what it answers is out of date, and what is being committed there
// may wait for ever.
func (s *Store) leave(conn *pgx.Conn) {
	addr := conn.PgConn().Conn().RemoteAddr()
	_ = conn.PgConn().Conn().Close()
	s.config.Log.Warn("the database server has become a replica; looking for the primary", "server", addr.String())
	s.resetPool(resetInterval)
	s.listener.cut(addr)
	if s.writer.conn.open.cut(addr) {
		s.writer.conn.suspect.Store(true)
	}
}

// resetPool closes the pool's connections, because one of them has turned out
// to lead nowhere, or to a replica.
func (s *Store) resetPool(interval time.Duration) {
	now := time.Now().UnixNano()
	if last := s.lastReset.Load(); now-last > int64(interval) && s.lastReset.CompareAndSwap(last, now) {
		s.pool.Reset()
	}
}
