package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/rest"
	"github.com/userd/userd/service"
)

// handlerConfig has what both transports are told.
type handlerConfig struct {
	log       *slog.Logger
	drain     context.Context
	maxBody   int64
	access    accessSettings
	telemetry *telemetry.Telemetry
	tests     *testMode // nil where users are real
}

// newHandler puts both transports on one handler, behind what they share.
func newHandler(svc *service.Service, c handlerConfig) http.Handler {
	log, t := c.log, c.telemetry
	restHandler := rest.New(svc, rest.Config{Log: log, Version: version(), Drain: c.drain, NoDocs: !c.access.Docs, Restore: c.tests.restoring()})
	graphHandler := graph.New(svc, graph.Config{Log: log, Drain: c.drain, Limits: graph.Limits{BodyBytes: c.maxBody},
		NoIntrospection: !c.access.Introspection, AllowedOrigins: c.access.AllowedOrigins, Observer: t.Operations()})
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimSuffix(r.URL.Path, "/") == graph.Route {
			graphHandler.ServeHTTP(w, r)
			return
		}
		restHandler.ServeHTTP(w, r)
	})
	h = web.WithBodyLimit(c.maxBody)(h)
	h = web.WithRecovery(log, rest.InternalError())(h)
	h = web.WithObservers(web.AccessLog(log), t.ObserveExchange, web.DescribeSpan)(h)
	h = web.WithTracing(t.Spans())(h)
	return web.WithRequestIDsOf(c.tests.newRequestID(), h)
}
