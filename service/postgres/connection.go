package postgres

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connection is one connection that is made when it is needed. It is not one
// of the pool's, so that reads cannot keep changes waiting. It is for one
// goroutine.
type connection struct {
	config Config
	pc     *pgxpool.Config
	conn   *pgx.Conn // nil when there is none

	warned  atomic.Bool // the server has warned since the last look
	suspect atomic.Bool // somebody has seen the server turn into a replica
}

func newConnection(c Config, pc *pgxpool.Config) *connection {
	w := &connection{config: c, pc: pc.Copy()}
	w.pc.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Code == warning || n.Code == adminShutdown {
			w.warned.Store(true)
		}
	}
	return w
}

// get returns the connection, a new one if need be.
func (c *connection) get(ctx context.Context) (*pgx.Conn, error) {
	if c.suspect.Swap(false) {
		c.drop()
	}
	if c.conn != nil && !c.conn.IsClosed() {
		return c.conn, nil
	}
	conn, err := c.config.connect(ctx, c.pc)
	if err != nil {
		return nil, &lostError{err}
	}
	c.conn = conn
	return conn, nil
}

// drop closes the connection at once; the server finds out by itself.
func (c *connection) drop() {
	if c.conn != nil {
		c.conn.PgConn().Conn().Close()
		c.conn = nil
	}
}
