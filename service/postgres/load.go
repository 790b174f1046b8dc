package postgres

import "time"

// Load is how busy a store's connections are.
type Load struct {
	// Open connections of the pool are InUse, or idle; there are at most Max. The
	// writer's own and the one for notifications do not count.
	Open, InUse, Max int
	// Reading is how many reads are under way or wait for a connection.
	Reading int
	// Acquired is how many times a connection was taken from the pool, after
	// Waited in all; Canceled is how often a caller gave up.
	Acquired, Canceled int64
	Waited             time.Duration
}

// Load tells how busy the store's connections are.
func (s *Store) Load() Load {
	p := s.pool.Stat()
	return Load{
		Open: int(p.TotalConns()), InUse: int(p.AcquiredConns()), Max: int(p.MaxConns()), Reading: int(s.reading.Load()),
		Acquired: p.AcquireCount(), Canceled: p.CanceledAcquireCount(), Waited: p.AcquireDuration(),
	}
}
