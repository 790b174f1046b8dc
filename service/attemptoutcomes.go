package service

import "sync/atomic"

// AttemptCounts are how many attempts of passwords came to what, since the
// service was made.
type AttemptCounts struct {
	// OK: the password was right.
	OK int64
	// Invalid: it was not.
	Invalid int64
	// Waiting: too many had failed, and nothing was compared.
	Waiting int64
}

// Attempts tells what came of the attempts of passwords.
func (s *Service) Attempts() AttemptCounts {
	return AttemptCounts{s.attempts.ok.Load(), s.attempts.invalid.Load(), s.attempts.waiting.Load()}
}

type attemptCounts struct{ ok, invalid, waiting atomic.Int64 }

// add counts an attempt that has ended with err.
func (c *attemptCounts) add(err error) {
	switch {
	case err == nil:
		c.ok.Add(1)
	case CodeOf(err) == CodeInvalidCredentials:
		c.invalid.Add(1)
	case CodeOf(err) == CodeRateLimited:
		c.waiting.Add(1)
	}
}
