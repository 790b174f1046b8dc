package main

import (
	"context"
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// newServerLog is where net/http says what went wrong outside of handlers.
func newServerLog(to *slog.Logger) *log.Logger { return log.New(serverLog{to}, "", 0) }

// serverLog logs the lines of net/http's server, which have no level.
type serverLog struct{ to *slog.Logger }

// Write logs one message. Most are about what clients do wrong, which nobody has
// to read.
func (l serverLog) Write(message []byte) (int, error) {
	text := strings.TrimSuffix(string(message), "\n")
	level := slog.LevelDebug
	switch {
	case strings.HasPrefix(text, "http: Accept error"): // no connection gets in
		level = slog.LevelWarn
	case strings.HasPrefix(text, "http: panic"): // a defect
		level = slog.LevelError
		text = panicClient.ReplaceAllString(text, "$1: ")
	}
	l.to.Log(context.Background(), level, text)
	return len(message), nil
}

// panicClient is whom net/http served at a panic: addresses are not logged.
var panicClient = regexp.MustCompile(`^(http: panic serving) \S+?: `)
