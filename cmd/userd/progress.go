package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/userd/userd/service"
)

// How often progress is shown: on a terminal, and in a log.
const (
	barInterval = 100 * time.Millisecond
	logInterval = 10 * time.Second
)

// progress tells people how far a long run is: on a terminal in one line that
// changes, otherwise in a line now and then.
type progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time
	began    time.Time
	shown    time.Time
	rows     int64
	done     int64 // of total
	total    int64 // 0: unknown
}

func newProgress(out io.Writer, terminal bool, total int64, now func() time.Time) *progress {
	return &progress{out: out, terminal: terminal, now: now, began: now(), shown: now(), total: total}
}

// newExportProgress counts the users that are to be exported.
func newExportProgress(ctx context.Context, svc *service.Service, stderr io.Writer) (*progress, error) {
	total, err := svc.CountUsers(ctx, service.Optional[service.FilterInput]{})
	return newProgress(stderr, isTerminal(stderr), int64(total), time.Now), err
}

// add notes that so many more rows, and so much more of the total, are done.
func (p *progress) add(rows, done int64) {
	p.rows, p.done = p.rows+rows, p.done+done
	if p.rows%64 != 0 && rows == 1 {
		return // the clock takes longer than a row
	}
	interval := logInterval
	if p.terminal {
		interval = barInterval
	}
	now := p.now()
	if now.Sub(p.shown) < interval {
		return
	}
	p.shown = now
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", p)
	} else {
		fmt.Fprintln(p.out, p)
	}
}

// String is the state in a few words.
func (p *progress) String() string {
	text := fmt.Sprintf("%d users, %.0f a second", p.rows, float64(p.rows)/max(p.shown.Sub(p.began).Seconds(), 1e-3))
	if p.total == 0 {
		return text
	}
	const width = 30
	part := min(float64(p.done)/float64(p.total), 1)
	full := int(part * width)
	return fmt.Sprintf("[%-*.*s] %3.0f %%, %s", width, full, "##############################", 100*part, text)
}

// clear takes the line off the terminal.
func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
