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

// newHandler puts both transports on one handler, behind what they share.
func (c *serveCmd) newHandler(svc *service.Service, log *slog.Logger, drain context.Context, t *telemetry.Telemetry, tests *testMode) http.Handler {
	proxies, _ := c.proxies() // Validate takes no wrong ones
	restHandler := rest.New(svc, rest.Config{Log: log, Version: version(), Drain: drain, NoDocs: !c.Docs, Restore: tests.restoring()})
	graphHandler := graph.New(svc, graph.Config{Log: log, Drain: drain, Limits: c.graphqlSettings.limits(c.MaxBodyBytes),
		NoIntrospection: !c.Introspection, AllowedOrigins: c.AllowedOrigins, Observer: t.Operations()})
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimSuffix(r.URL.Path, "/") == graph.Route {
			graphHandler.ServeHTTP(w, r)
			return
		}
		restHandler.ServeHTTP(w, r)
	})
	h = web.WithSafeFraming(web.WithBodyLimit(c.MaxBodyBytes)(h))
	h = web.WithRecovery(log, rest.InternalError())(h)
	h = web.WithCORS(c.AllowedOrigins)(h)
	h = web.WithClients(proxies)(web.WithOrigins(h))
	h = web.WithObservers(web.AccessLog(log), t.ObserveExchange, web.DescribeSpan)(h)
	h = web.WithTracing(t.Spans())(h)
	return web.WithRequestIDsOf(tests.newRequestID(), h)
}
