package main

import (
	"io"
	"log/slog"
	"net"
	"os"

	"github.com/userd/userd/internal/web"
)

// newLogger logs to w as text where a person reads along, otherwise as JSON.
func newLogger(w io.Writer, least slog.Leveler, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: least}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" || format == "auto" && isTerminal(w) {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(web.WithRequestID(h))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// announce logs where the service is to be found and where it keeps users.
func announce(log *slog.Logger, addr net.Addr, users databaseURL) {
	log.Info("listening", "addr", addr.String(), "docs", localURL(addr.String())+"/docs", "users", users.String())
}

// localURL is the base URL under which this machine reaches a server that
// listens on addr.
func localURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
