package postgres

import (
	"context"
	"errors"
	"net"
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
	open    openConn    // conn, for others
	suspect atomic.Bool // others have closed conn
}

func newConnection(c Config, pc *pgxpool.Config) *connection {
	w := &connection{config: c, pc: pc.Copy()}
	w.pc.ConnConfig.DialFunc = dialToConnect
	if !isPooled(pc) { // for what comes before a transaction: preparing its statements
		w.pc.ConnConfig.RuntimeParams["statement_timeout"] = milliseconds(writeTimeout)
	}
	w.pc.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Code == warning || n.Code == adminShutdown {
			w.warned.Store(true)
		}
	}
	return w
}

// get returns the connection, a new one if need be.
func (c *connection) get(ctx context.Context) (*pgx.Conn, error) {
	c.leaveReplica()
	if c.conn != nil && !c.conn.IsClosed() {
		return c.conn, nil
	}
	conn, err := c.config.connect(context.WithValue(ctx, connecting{}, true), c.pc)
	if err != nil {
		return nil, &lostError{err}
	}
	c.conn = conn
	c.open.Store(conn)
	return conn, nil
}

// leaveReplica drops the connection if it was found to lead to a replica.
func (c *connection) leaveReplica() {
	if c.suspect.Swap(false) {
		c.drop()
	}
}

// connecting marks the context in which the connection is made.
type connecting struct{}

// dialToConnect opens the connection, and none by which pgx would cancel what
// is given up: a commit that waits for a standby would stop waiting, and others
// would see what a failover may undo. Time limits on the server end the rest.
func dialToConnect(ctx context.Context, network, addr string) (net.Conn, error) {
	if ctx.Value(connecting{}) == nil {
		return nil, errNoCancel
	}
	return dial(ctx, network, addr)
}

var errNoCancel = errors.New("changes are not cancelled")

// drop closes the connection at once; the server finds out by itself.
func (c *connection) drop() {
	if c.conn != nil {
		_ = c.conn.PgConn().Conn().Close()
		c.conn = nil
		c.open.Store(nil)
	}
}

// openConn is a connection that one goroutine uses and others may cut off.
type openConn struct{ atomic.Pointer[pgx.Conn] }

// cut closes the connection if it leads to the server at addr; who uses it
// finds out at once, even while waiting for an answer.
func (o *openConn) cut(addr net.Addr) bool {
	conn := o.Load()
	if conn == nil || conn.PgConn().Conn().RemoteAddr().String() != addr.String() {
		return false
	}
	_ = conn.PgConn().Conn().Close()
	return true
}
