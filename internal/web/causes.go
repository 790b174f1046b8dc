package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/userd/userd/service"
)

// refusalInterval is the least time between two refusals that are logged.
const refusalInterval = time.Second

// Causes logs what clients are not told: why their requests failed.
type Causes struct {
	log *slog.Logger

	mu       sync.Mutex
	logged   time.Time // guarded by mu; when a refusal was last logged
	unlogged int       // guarded by mu; refusals since then
}

// NewCauses returns one that logs to log.
func NewCauses(log *slog.Logger) *Causes { return &Causes{log: log} }

// Log logs the cause of err, which a client was told by code, if there is more
// to say. While the service is away or overloaded it refuses every request for
// the same reason: of such refusals it logs one a second, and how many there
// were since the one before. Each request's own line has its status anyway.
func (c *Causes) Log(ctx context.Context, code service.Code, err error, more ...slog.Attr) {
	more = append(more, slog.Any("error", err))
	switch {
	case code == service.CodeInternal:
		c.log.LogAttrs(ctx, slog.LevelError, "request failed", more...)
	case code != service.CodeUnavailable && code != service.CodeOutcomeUnknown:
	case ctx.Err() != nil: // most likely the client has gone
		c.log.LogAttrs(ctx, slog.LevelInfo, "request could not be served", more...)
	case code == service.CodeOutcomeUnknown:
		c.log.LogAttrs(ctx, slog.LevelWarn, "it is not known what became of a request", more...)
	default:
		if others, due := c.refused(time.Now()); due {
			c.log.LogAttrs(ctx, slog.LevelWarn, "request could not be served", append(more, slog.Int("others_since_the_last", others))...)
		}
	}
}

// refused counts a refusal, and tells whether to log it and how many were not.
func (c *Causes) refused(now time.Time) (others int, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.logged) < refusalInterval {
		c.unlogged++
		return 0, false
	}
	others, c.unlogged, c.logged = c.unlogged, 0, now
	return others, true
}
