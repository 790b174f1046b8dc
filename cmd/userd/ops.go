package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres"
)

// startOps serves h on the ops address, if there is one, until stop is called.
func (c *serveCmd) startOps(log *slog.Logger, h http.Handler) (stop func(), err error) {
	if c.OpsAddr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.OpsAddr)
	if err != nil {
		return nil, fmt.Errorf("listen for operators: %w", err)
	}
	server := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	c.limit(server)
	server.WriteTimeout = 0 // a profile takes as long as it is asked to
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // its error is that it was closed
	}()
	log.Info("listening for operators", "addr", listener.Addr().String())
	return func() { _ = server.Close(); <-ended }, nil
}

// watchStore measures what only one kind of store has.
func (c *serveCmd) watchStore(t *telemetry.Telemetry, store service.Store) {
	if c.DatabaseURL.scheme == inFile {
		t.WatchFile(c.DatabaseURL.path)
	}
	if s, ok := store.(*postgres.Store); ok {
		t.WatchConnections(s.Load)
	}
}
