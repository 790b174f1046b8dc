package memory

import "time"

// WithTidyInterval is c with another time between two rounds of tidying.
func (c Config) WithTidyInterval(d time.Duration) Config {
	c.tidyInterval = d
	return c
}

// MaxTail is how many changes are held in memory at least before the journal is read.
const MaxTail = maxTail
