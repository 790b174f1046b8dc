// Package postgres is the store for many copies of the service: all of them
// work on one PostgreSQL database, which answers every read and takes every
// change. No copy holds anything that another would have to know.
package postgres

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

// Store is a [service.Store] on a PostgreSQL database. Make one with [Open].
type Store struct {
	config  Config
	pool    *pgxpool.Pool
	writer  *writer
	latest  *latest
	lookups lookups

	hears     atomic.Bool  // of changes by notifications
	listener  openConn     // on which notifications come
	reading   atomic.Int64 // reads under way
	lastRead  atomic.Int64 // when a read was last answered, in nanoseconds since 1970
	lastReset atomic.Int64 // when the pool was last emptied, in nanoseconds since 1970

	stop  context.CancelFunc // ends the goroutines that watch the log
	ended sync.WaitGroup     // those goroutines
}

var _ service.Store = (*Store)(nil)

// Open returns a store on the database at c.URL. It waits for one that is not
// up yet, and brings the schema to this program's version unless c says not to.
func Open(ctx context.Context, c Config) (*Store, error) {
	c = c.withDefaults()
	pc, err := c.poolConfig()
	if err != nil {
		return nil, err
	}
	var log service.ChangeLogState
	err = c.withConn(ctx, func(conn *pgx.Conn) error {
		if err := c.prepareSchema(ctx, conn); err != nil {
			return err
		}
		if err := tune(ctx, pc, conn); err != nil {
			return err
		}
		log, err = logState(ctx, conn)
		return err
	})
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), pc)
	if err != nil {
		return nil, err
	}
	s := &Store{config: c, pool: pool, latest: newLatest(log.Last)}
	s.lookups.store = s
	s.writer = newWriter(s, pc, log.ID)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.writer.run()
	s.ended.Go(func() { s.watch(watching) })
	if !isPooled(pc) {
		s.ended.Go(func() { s.listen(watching, pc, channelOf(log.ID)) })
	}
	return s, nil
}

// prepareSchema migrates the database, or sees that somebody else has.
func (c Config) prepareSchema(ctx context.Context, conn *pgx.Conn) error {
	if c.ManualMigration {
		return checkSchema(ctx, conn)
	}
	from, to, err := migrate(ctx, conn, migrations())
	if err == nil && from != to {
		c.Log.Info("migrated the database's schema", "from", from, "to", to)
	}
	return err
}

// Close lets the changes in hand finish and closes all connections.
func (s *Store) Close() error {
	s.writer.close()
	s.stop()
	s.ended.Wait()
	s.pool.Close()
	return nil
}

// Ping implements [service.Store]: the server must take a transaction.
func (s *Store) Ping(ctx context.Context) error { return s.writer.ping(ctx) }

// CreateUser implements [service.Store].
func (s *Store) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	j := &job{at: r.User.CreatedAt, ids: []uuid.UUID{r.User.ID}, emails: []string{r.Keys.Email},
		plan: func(v *plan.View) error { return v.Create(r, items...) }}
	j.about(items)
	return s.writer.change(ctx, j)
}

// UpdateUser implements [service.Store].
func (s *Store) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	var updated service.User
	j := &job{at: u.At, ids: []uuid.UUID{id}, plan: func(v *plan.View) (err error) {
		updated, err = v.Update(id, u)
		return err
	}}
	if u.Email != nil {
		j.emails = []string{u.Email.Key}
	}
	j.about(u.Items)
	if err := s.writer.change(ctx, j); err != nil {
		return service.User{}, err
	}
	return updated, nil
}

// DeleteUser implements [service.Store].
func (s *Store) DeleteUser(ctx context.Context, id uuid.UUID, d service.Deletion) error {
	return s.writer.change(ctx, &job{at: d.At, ids: []uuid.UUID{id},
		plan: func(v *plan.View) error { return v.Delete(id, d) }})
}
