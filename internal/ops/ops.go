// Package ops is what operators reach on an address of its own, which clients
// have no way to: metrics, profiles and the log level.
package ops

import (
	"log/slog"
	"net/http"
	"net/http/pprof"
)

// New returns the handler of the ops address. metrics answers /metrics.
func New(metrics http.Handler, level *slog.LevelVar, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /log-level", sendLevel(level))
	mux.HandleFunc("PUT /log-level", setLevel(level, log))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /{$}", index)
	return mux
}

func index(w http.ResponseWriter, _ *http.Request) {
	sendText(w, "/metrics\n/log-level\n/debug/pprof/\n")
}
