package graph

import (
	"context"
	"time"
)

// patience is for how many intervals a client may be silent.
const patience = 4

// startPinging has the connection be kept alive, and closed when its client is
// no longer there, until stop is called. It is done by a timer: a goroutine
// would hold a stack for it.
func (s *socket) startPinging() (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	silent := 0 // intervals
	s.pinging = time.AfterFunc(s.streams.KeepAlive, func() {
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
