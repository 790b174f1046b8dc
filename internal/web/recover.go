package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// WithRecovery answers a request whose handler panics by internalError, unless
// the handler had begun to answer, and logs the panic with its stack. The
// server goes on. http.ErrAbortHandler passes through, as net/http wants it.
func WithRecovery(log *slog.Logger, internalError http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, ok := w.(*recorder)
			if !ok {
				rec = &recorder{ResponseWriter: w}
			}
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler {
					panic(v)
				}
				log.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if rec.status != 0 {
					panic(http.ErrAbortHandler) // half an answer must not look like a whole one
				}
				internalError.ServeHTTP(w, r)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
