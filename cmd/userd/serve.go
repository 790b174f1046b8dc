package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"github.com/userd/userd/internal/memlimit"
	"github.com/userd/userd/internal/ops"
	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// serveCmd has the settings of the server.
type serveCmd struct {
	Addr    string `env:"USERD_ADDR" default:":8000" help:"Address to listen on, HOST:PORT."`
	OpsAddr string `env:"USERD_OPS_ADDR" help:"Address for operators: metrics, profiles, log level; none by default. Keep it from clients."`
	storeSettings
	LogLevel  string `env:"USERD_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
	LogFormat string `env:"USERD_LOG_FORMAT" default:"auto" enum:"auto,text,json" help:"text, json, or auto: text on a terminal, JSON otherwise."`

	DrainDelay      time.Duration `env:"USERD_DRAIN_DELAY" default:"0s" help:"Time after SIGTERM in which /readyz says so and requests are still taken."`
	ShutdownTimeout time.Duration `env:"USERD_SHUTDOWN_TIMEOUT" default:"20s" help:"Time requests have to finish after that."`

	connectionSettings
	accessSettings
	clientSettings
	sessionSettings
	passwordSettings
	tokenSettings
	hashSettings
	graphqlSettings
	testSettings
}

// Validate refuses settings under which the server could not work; kong calls it.
func (c *serveCmd) Validate() error {
	if _, port, err := net.SplitHostPort(c.Addr); err != nil || !isPort(port) {
		return errors.New("--addr must be HOST:PORT or :PORT, with a port from 0 to 65535")
	}
	if _, port, err := net.SplitHostPort(c.OpsAddr); c.OpsAddr != "" && (err != nil || !isPort(port)) {
		return errors.New("--ops-addr must be HOST:PORT or :PORT, with a port from 0 to 65535")
	}
	if c.DrainDelay < 0 {
		return errors.New("--drain-delay must not be negative")
	}
	return cmp.Or(
		positive(c.ShutdownTimeout > 0, "shutdown-timeout"),
		c.connectionSettings.check(),
		c.accessSettings.check(),
		c.clientSettings.check(),
		c.sessionSettings.check(c.JWTIssuer),
		c.passwordSettings.check(),
		c.tokenSettings.check(),
		c.hashSettings.check(),
		c.graphqlSettings.check(),
		c.storeSettings.check(),
		c.testSettings.check(c.DatabaseURL))
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// run serves until ctx ends, then finishes what is in flight.
func (c *serveCmd) run(ctx context.Context, _, stderr io.Writer) (err error) {
	level := new(slog.LevelVar)
	_ = level.UnmarshalText([]byte(c.LogLevel)) // the command line takes no others
	log := newLogger(stderr, level, c.LogFormat)
	if limit := memlimit.Set(); limit > 0 {
		log.Info("keeping to the container's memory", "bytes", limit)
	}
	defer memlimit.Relax()()
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close() // a second Close after the server's own does nothing
	spans, stopTracing, err := telemetry.Tracing(ctx, os.Getenv, version(), log)
	if err != nil {
		return usageError{err}
	}
	defer stopTracing()
	measured := telemetry.New(version(), spans)
	stopOps, err := c.startOps(log, ops.New(measured.Handler(log), level, log))
	if err != nil {
		return err
	}
	defer stopOps() // last: how the server ends is to be seen
	store, err := c.open(ctx, storeConfig{Config: c.memory(memory.Config{Log: log, Committed: measured.Committed}), Spans: spans})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	c.watchStore(measured, store)
	config, err := c.serviceConfig(ctx, log)
	if err != nil {
		return err
	}
	tests := c.testMode(store)
	svc := service.New(tests.store(measured.Store(store)), tests.config(config))
	if err := tests.begin(ctx, svc, log, stderr); err != nil {
		return err
	}
	measured.WatchService(svc)
	drain, startDraining := context.WithCancel(context.Background())
	defer startDraining()
	server := c.server(c.newHandler(svc, handlerConfig{log, drain, measured, tests}), log)
	announce(log, listener.Addr(), c.DatabaseURL)
	warnIfOpen(ctx, log, svc, listener.Addr())
	stop := shutdown{drain: startDraining, delay: c.DrainDelay, timeout: c.ShutdownTimeout}
	return serve(ctx, log, server, netutil.LimitListener(listener, c.MaxConnections), stop)
}

func (c *serveCmd) serviceConfig(ctx context.Context, log *slog.Logger) (service.Config, error) {
	authenticators, err := c.authenticators(ctx, log)
	return service.Config{
		Log:            log,
		Passwords:      c.policy(),
		Tokens:         c.lifetimes(),
		Authenticators: authenticators,
		Hashing:        c.hashSettings.limits(),
		Rates:          c.rates(),
		MaxFeeds:       c.MaxFeeds,
		MaxPageSize:    c.MaxPageSize,
		Sessions:       c.sessionSettings.config(),
	}, err
}

// shutdown is how a server ends.
type shutdown struct {
	// drain ends the streams and has /readyz send new requests elsewhere.
	drain func()
	// delay is how long requests are taken after that.
	delay time.Duration
	// timeout is how long the last of them have to finish.
	timeout time.Duration
}

// serve answers requests from l until ctx ends, and returns when those in
// flight are done or their time is up.
func serve(ctx context.Context, log *slog.Logger, server *http.Server, l net.Listener, stop shutdown) error {
	failed := make(chan error, 1)
	var requests sync.WaitGroup
	server.Handler = web.WithCount(&requests, server.Handler) // Shutdown does not wait for WebSockets
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down", "delay", stop.delay.String(), "timeout", stop.timeout.String())
	stop.drain()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(stop.delay):
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stop.timeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if err == nil {
		err = finished(ctx, &requests)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("requests were still running after %v: %w", stop.timeout, err), server.Close())
	}
	log.Info("stopped")
	return nil
}

// finished waits until all requests are served or ctx ends. It is for a server
// that is shut down and takes no new ones.
func finished(ctx context.Context, requests *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		requests.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
