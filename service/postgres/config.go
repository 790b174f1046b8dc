package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// Config has what a store can be told; its zero value works but for the URL.
type Config struct {
	// URL is the database as libpq's connection URIs or keyword strings name
	// it, with pgx's parameters on top: pool_max_conns, default_query_exec_mode.
	URL string
	// PasswordFile holds the password, if that is not part of URL; it is read
	// for each new connection, so that the password can be changed while the
	// service runs.
	PasswordFile string
	// ManualMigration leaves an older schema alone: Open then refuses it.
	ManualMigration bool
	// ReadOnly is for who makes no changes: Open then takes a role that may make none.
	ReadOnly bool
	// StartTimeout is how long Open waits for a database that is not up yet;
	// zero means 30 seconds.
	StartTimeout time.Duration
	// KeepChanges is how many changes the log keeps; zero means 100000.
	KeepChanges int
	// KeepChangesFor is how long it keeps them; zero means 30 days.
	KeepChangesFor time.Duration
	// Committed is told of each transaction: how many changes it made and how
	// long the database took for it. nil means nobody is.
	Committed func(changes int, took time.Duration)
	// Spans is where the spans of SQL statements go, without their arguments;
	// nil means nowhere.
	Spans trace.TracerProvider
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Log is told when the database goes away and comes back; nil discards it.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.StartTimeout == 0 {
		c.StartTimeout = 30 * time.Second
	}
	if c.KeepChanges == 0 {
		c.KeepChanges = 100_000
	}
	if c.KeepChangesFor == 0 {
		c.KeepChangesFor = 30 * 24 * time.Hour
	}
	if c.Committed == nil {
		c.Committed = func(int, time.Duration) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

const (
	// connectTimeout bounds making one connection to one host, from the first
	// packet to the database's readiness.
	connectTimeout = 2 * time.Second
	// dialTimeout bounds the first part of that. A host that is up answers
	// within milliseconds; one that drops packets never does.
	dialTimeout = time.Second
	// silenceTimeout is how long sent data or a probe may stay without an
	// acknowledgement before the connection counts as lost.
	silenceTimeout = 2 * time.Second
	// readTimeout bounds one read, and writeTimeout each of the steps of a
	// transaction, the wait for other copies' transactions included.
	readTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
	// acquireTimeout is how long a read waits for a connection of the pool.
	acquireTimeout = 2 * time.Second
	// idleInTransactionTimeout is after how long the server ends a transaction
	// whose program has gone quiet: it holds the lock that all others wait for.
	idleInTransactionTimeout = 3 * time.Second
)

// errURL does not repeat the URL, which may hold a password.
var errURL = errors.New("the database URL cannot be read; it has the form postgres://USER@HOST:PORT/DATABASE?PARAMETER=VALUE")

// errExecMode is for modes in which pgx cannot tell what types the server wants.
var errExecMode = errors.New("the database URL's default_query_exec_mode must be cache_statement or, behind a pooler, cache_describe")

// Check tells whether the URL can be read. It does not connect.
func (c Config) Check() error {
	_, err := c.poolConfig()
	return err
}

// Server names the hosts and the database for people, without user or password.
func (c Config) Server() string {
	pc, err := c.poolConfig()
	if err != nil {
		return "at a URL that cannot be read"
	}
	cc := pc.ConnConfig
	hosts := []string{net.JoinHostPort(cc.Host, strconv.Itoa(int(cc.Port)))}
	for _, f := range cc.Fallbacks {
		if host := net.JoinHostPort(f.Host, strconv.Itoa(int(f.Port))); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return strings.Join(hosts, ",") + "/" + cc.Database
}

// poolConfig reads the URL and adds what this store needs of a connection.
func (c Config) poolConfig() (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errURL
	}
	cc := pc.ConnConfig
	if cc.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement && cc.DefaultQueryExecMode != pgx.QueryExecModeCacheDescribe {
		return nil, errExecMode
	}
	if !strings.Contains(c.URL, "connect_timeout") {
		cc.ConnectTimeout = connectTimeout
	}
	if cc.ValidateConnect == nil { // a server that takes no writes is of no use, not even for reads: it may lag behind
		cc.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if cc.RuntimeParams["application_name"] == "" {
		cc.RuntimeParams["application_name"] = "userd"
	}
	cc.DialFunc = dial
	if c.Spans != nil {
		cc.Tracer = otelpgx.NewTracer(otelpgx.WithTracerProvider(c.Spans), otelpgx.WithMeterProvider(noop.NewMeterProvider()),
			otelpgx.WithDisableAcquireTracer())
	}
	pc.BeforeConnect = c.readPassword
	// A connection that failed is closed politely in the background, for up to
	// 15 seconds in which it takes up room in the pool. This ends that.
	pc.BeforeClose = func(conn *pgx.Conn) {
		if conn.IsClosed() {
			_ = conn.PgConn().Conn().Close()
		}
	}
	return pc, nil
}

// readPassword puts what the password file holds into cc.
func (c Config) readPassword(_ context.Context, cc *pgx.ConnConfig) error {
	if c.PasswordFile == "" {
		return nil
	}
	password, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return fmt.Errorf("read the database password: %w", err)
	}
	cc.Password = strings.TrimRight(string(password), "\r\n")
	return nil
}

// connect makes a connection of its own, outside of any pool.
func (c Config) connect(ctx context.Context, pc *pgxpool.Config) (*pgx.Conn, error) {
	cc := pc.ConnConfig.Copy()
	if err := c.readPassword(ctx, cc); err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, cc)
	if err != nil || pc.AfterConnect == nil {
		return conn, err
	}
	if err := pc.AfterConnect(ctx, conn); err != nil {
		_ = conn.PgConn().Conn().Close()
		return nil, err
	}
	return conn, nil
}

// withConn calls do with a connection, and waits for a database that is not up yet.
func (c Config) withConn(ctx context.Context, do func(*pgx.Conn) error) error {
	c = c.withDefaults()
	pc, err := c.poolConfig()
	if err != nil {
		return err
	}
	if !isPooled(pc) { // it may be: prepared statements would stay in somebody else's session
		pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	conn, err := c.connectPatiently(ctx, pc)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}

// connectPatiently connects, trying again while the database is away.
func (c Config) connectPatiently(ctx context.Context, pc *pgxpool.Config) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.StartTimeout)
	defer cancel()
	for first := true; ; first = false {
		conn, err := c.connect(ctx, pc)
		if err == nil || !isAway(err) || sqlState(err) != "" && !isOfClass(err, classOperator, classResources) {
			return conn, err // the server is up, and refuses for a reason that will not go away
		}
		if first {
			c.Log.Warn("the database is not there yet; waiting for it", "error", err, "for", c.StartTimeout.String())
		}
		select {
		case <-time.After(retryInterval):
		case <-ctx.Done():
			return nil, err
		}
	}
}
