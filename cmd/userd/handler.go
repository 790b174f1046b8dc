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
func newHandler(svc *service.Service, log *slog.Logger, drain context.Context, maxBody int64, access accessSettings, t *telemetry.Telemetry) http.Handler {
	restHandler := rest.New(svc, rest.Config{Log: log, Version: version(), Drain: drain, NoDocs: !access.Docs, NoConsole: !access.Console})
	graphHandler := graph.New(svc, graph.Config{Log: log, Drain: drain, Limits: graph.Limits{BodyBytes: maxBody},
		NoIntrospection: !access.Introspection, AllowedOrigins: access.AllowedOrigins, Observer: t.Operations()})
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimSuffix(r.URL.Path, "/") == graph.Route {
			graphHandler.ServeHTTP(w, r)
			return
		}
		restHandler.ServeHTTP(w, r)
	})
	h = web.WithBodyLimit(maxBody)(h)
	h = web.WithRecovery(log, rest.InternalError())(h)
	h = web.WithOrigins(h)
	h = web.WithObservers(web.AccessLog(log), t.ObserveExchange, web.DescribeSpan)(h)
	h = web.WithTracing(t.Spans())(h)
	return web.WithRequestIDs(h)
}
