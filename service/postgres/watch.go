package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// pulseInterval is how often the state of the database is looked at: how far
	// the log goes, should a notification have been lost, and whether the server
	// has become a replica.
	pulseInterval = time.Second
	// pollInterval is how often the log is looked at while somebody waits for
	// changes and no notifications come.
	pollInterval = 200 * time.Millisecond
)

// channelOf is the channel on which word of a log's changes goes round.
func channelOf(logID string) string { return "userd_" + logID }

// watch looks at the database now and then, until ctx ends.
func (s *Store) watch(ctx context.Context) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	pulse := time.NewTicker(pulseInterval)
	defer pulse.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			if s.hears.Load() || !s.latest.isAwaited() {
				continue
			}
		case <-pulse.C:
		}
		if err := s.lookAt(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.Debug("cannot look at the change log", "error", err)
		}
	}
}

func (s *Store) lookAt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pulseInterval)
	defer cancel()
	before := s.latest.now()
	last, err := read(ctx, s, func(ctx context.Context, conn *pgx.Conn) (last int64, err error) {
		var readOnly bool
		err = conn.QueryRow(ctx, selectPulse).Scan(&last, &readOnly)
		if err == nil && readOnly {
			err = errReplica
		}
		return last, err
	})
	if err == nil {
		s.latest.observe(before, last)
	}
	return err
}

// listen waits for word of changes, until ctx ends. Where the server knows no
// LISTEN it leaves everything to watch.
func (s *Store) listen(ctx context.Context, pc *pgxpool.Config, channel string) {
	for ctx.Err() == nil {
		err := s.listenOnce(ctx, pc, channel)
		s.hears.Store(false)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && !isAway(err) {
			s.config.Log.Info("the database has no notifications; looking for changes instead", "error", e)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryInterval):
		}
	}
}

// listenOnce listens on one connection, until that is lost.
func (s *Store) listenOnce(ctx context.Context, pc *pgxpool.Config, channel string) error {
	conn, err := s.config.connect(ctx, pc)
	if err != nil {
		return err
	}
	defer conn.PgConn().Conn().Close()
	s.listener.Store(conn)
	defer s.listener.Store(nil)
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return err
	}
	s.hears.Store(true)
	if err := s.lookAt(ctx); err != nil { // for what came before
		return err
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if seq, err := strconv.ParseInt(n.Payload, 10, 64); err == nil {
			s.latest.advance(seq)
		}
	}
}
