package graph

import (
	"context"
	"time"

	"github.com/userd/userd/internal/web"
)

// patience is for how many intervals a client may be silent.
const patience = 4

// startPinging has the connection be kept alive, and closed when its client is
// no longer there or served, until stop is called. It is done by a timer: a
// goroutine would hold a stack for it.
func (s *socket) startPinging(ctx context.Context) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := 0 // intervals
	s.pinging = time.AfterFunc(s.streams.KeepAlive, func() {
		if err := s.stillServed(ctx); err != nil {
			s.close(refusal(err))
			return
		}
		s.write(context.Background(), plainFrame(framePing))
		if silent++; s.heard.Swap(false) {
			silent = 0
		}
		if silent == patience {
			_ = s.conn.CloseNow()
		}
		s.pingAgain()
	})
	return s.stopPinging
}

// stillServed returns an error once who has sent connection_init is served no more.
func (s *socket) stillServed(ctx context.Context) error {
	s.mu.Lock()
	actor, initialised := s.actor, s.initialised
	s.mu.Unlock()
	if !initialised {
		return nil
	}
	return s.svc.StillServed(web.WithCaller(ctx, actor))
}

// pingAgain starts the next interval, unless the connection is closed.
func (s *socket) pingAgain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pinging != nil {
		s.pinging.Reset(s.streams.KeepAlive)
	}
}

func (s *socket) stopPinging() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinging.Stop()
	s.pinging = nil
}
