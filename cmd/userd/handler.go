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

// handlerConfig has what both transports are told besides the settings.
type handlerConfig struct {
	log       *slog.Logger
	drain     context.Context
	telemetry *telemetry.Telemetry
	tests     *testMode // nil where users are real
}

// newHandler puts both transports on one handler, behind what they share.
func (c *serveCmd) newHandler(svc *service.Service, h handlerConfig) http.Handler {
	log, t := h.log, h.telemetry
	proxies, _ := c.proxies() // Validate takes no wrong ones
	restHandler := rest.New(svc, rest.Config{Log: log, Version: version(), Drain: h.drain, NoDocs: !c.Docs, NoConsole: !c.Console,
		Restore: h.tests.restoring()})
	graphHandler := graph.New(svc, graph.Config{Log: log, Drain: h.drain, Limits: c.graphqlSettings.limits(c.MaxBodyBytes),
		NoIntrospection: !c.Introspection, AllowedOrigins: c.AllowedOrigins, Observer: t.Operations()})
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimSuffix(r.URL.Path, "/") == graph.Route {
			graphHandler.ServeHTTP(w, r)
			return
		}
		restHandler.ServeHTTP(w, r)
	})
	handler = web.WithSafeFraming(web.WithBodyLimit(c.MaxBodyBytes)(handler))
	handler = web.WithRecovery(log, rest.InternalError())(handler)
	handler = web.WithCORS(c.AllowedOrigins)(handler)
	handler = web.WithClients(proxies)(handler)
	handler = web.WithObservers(web.AccessLog(log), t.ObserveExchange, web.DescribeSpan)(handler)
	handler = web.WithTracing(t.Spans())(handler)
	return web.WithRequestIDsOf(h.tests.newRequestID(), handler)
}
