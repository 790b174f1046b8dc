package ops

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// maxLevel bounds the body of a request for another level.
const maxLevel = 16

func sendLevel(level *slog.LevelVar) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { sendText(w, name(level)+"\n") }
}

// setLevel changes the level to the one that the body names.
func setLevel(level *slog.LevelVar, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var wanted slog.Level
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLevel))
		if err != nil || wanted.UnmarshalText([]byte(strings.TrimSpace(string(body)))) != nil {
			http.Error(w, "the body must be debug, info, warn or error", http.StatusBadRequest)
			return
		}
		before := name(level)
		level.Set(wanted)
		log.Warn("the log level was changed", "from", before, "to", name(level)) // at a level that is mostly shown
		sendText(w, name(level)+"\n")
	}
}

func name(level *slog.LevelVar) string { return strings.ToLower(level.Level().String()) }

func sendText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text) // the client may have gone
}
