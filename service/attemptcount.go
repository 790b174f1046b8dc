package service

import (
	"encoding/json"
	"time"
)

// count is how many attempts have failed of late, or are being made.
type count struct {
	key    ItemKey
	free   int
	ofUser bool   // whether it goes with the user
	was    []byte // as it is in the store; nil where there is none
	tally
	before int64 // Last, before this attempt
}

// tally is what a store keeps of a count.
type tally struct {
	Failures int   `json:"failures"`
	Last     int64 `json:"last"` // when the last one was, in microseconds since 1970
}

// encoded is c as it is once it is stored.
func (c count) encoded() count {
	c.was, _ = json.Marshal(c.tally) // two numbers: cannot fail
	return c
}

func (c *count) last() time.Time { return time.UnixMicro(c.Last).UTC() }

// pause is how long nobody may try after the last failure.
func (c *count) pause() time.Duration {
	pause := time.Duration(0)
	for n := c.free; n < c.Failures && pause < longestWait; n++ {
		pause = max(firstWait, 2*pause)
	}
	return min(pause, longestWait)
}

// wait is how long nobody may try from at on. Copies' clocks that differ make it no longer.
func (c *count) wait(at time.Time) time.Duration {
	pause := c.pause()
	return min(c.last().Add(pause).Sub(at), pause)
}

// until is when c ends.
func (c *count) until() time.Time {
	if c.Failures > c.free {
		return c.last().Add(keepWaiting)
	}
	return c.last().Add(keepFree)
}
