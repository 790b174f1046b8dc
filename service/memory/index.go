package memory

import (
	"iter"
	"slices"
	"sort"

	"github.com/userd/userd/service"
)

// Lengths of runs. One in which nothing more fits is split; two that are short
// together are joined.
const (
	maxRun   = 512
	shortRun = maxRun / 4
	// builtRun is how long runs are that are made of many records at once: most
	// of what memory they take is used, and the next ones fit in.
	builtRun = maxRun * 3 / 4
)

// index keeps the places of records in an order. It is one sorted list, cut
// into runs: to find a place takes a search among the runs and one in a run,
// and to add one moves what is behind it in its run. It does no locking.
type index struct {
	shelf *shelf
	order order
	runs  [][]place // none is empty
	len   int
}

// spot is where something stands in an index. It is good until that changes.
type spot struct{ run, i int }

func newIndex(s *shelf, o order) *index { return &index{shelf: s, order: o} }

// seek returns the spot of the first record that does not stand before what is
// looked for. What before tells of records must fit the index's order.
func (x *index) seek(before func(*service.Record) bool) spot {
	run := sort.Search(len(x.runs), func(n int) bool { return !before(x.shelf.records[x.runs[n][len(x.runs[n])-1]]) })
	if run == len(x.runs) {
		return x.end()
	}
	return spot{run, sort.Search(len(x.runs[run]), func(i int) bool { return !before(x.shelf.records[x.runs[run][i]]) })}
}

// seekRecord returns the spot of r, or where it is to stand.
func (x *index) seekRecord(r *service.Record) spot {
	return x.seek(func(other *service.Record) bool { return x.order(other, r) < 0 })
}

// end is the spot behind the last record.
func (x *index) end() spot { return spot{run: len(x.runs)} }

// at returns the record at s, or nil where s is beyond either end.
func (x *index) at(s spot) *service.Record {
	if s.run < 0 || s.run >= len(x.runs) {
		return nil
	}
	return x.shelf.records[x.runs[s.run][s.i]]
}

func (x *index) next(s spot) spot {
	if s.i+1 < len(x.runs[s.run]) {
		return spot{s.run, s.i + 1}
	}
	return spot{run: s.run + 1}
}

func (x *index) previous(s spot) spot {
	switch {
	case s.i > 0:
		return spot{s.run, s.i - 1}
	case s.run > 0:
		return spot{s.run - 1, len(x.runs[s.run-1]) - 1}
	}
	return spot{run: -1}
}

// from yields the records from s on.
func (x *index) from(s spot) iter.Seq[*service.Record] {
	return func(yield func(*service.Record) bool) {
		for r := x.at(s); r != nil && yield(r); r = x.at(s) {
			s = x.next(s)
		}
	}
}

// between counts the records from first on that stand before end, without
// looking at them.
func (x *index) between(first, end spot) int {
	n := end.i - first.i
	for _, run := range x.runs[first.run:end.run] {
		n += len(run)
	}
	return n
}

// insert adds the record at p, which is not there yet.
func (x *index) insert(p place) {
	s := x.seekRecord(x.shelf.records[p])
	if s == x.end() {
		x.add(p, maxRun)
		return
	}
	if run := x.runs[s.run]; len(run) == maxRun {
		half := slices.Grow(slices.Clone(run[maxRun/2:]), maxRun/2)
		x.runs = slices.Insert(x.runs, s.run+1, half)
		x.runs[s.run] = run[:maxRun/2]
		if s.i > maxRun/2 {
			s = spot{s.run + 1, s.i - maxRun/2}
		}
	}
	x.runs[s.run] = slices.Insert(x.runs[s.run], s.i, p)
	x.len++
}

// add adds the record at p, which stands behind all others, to the last run,
// or to a new one where that has as many as most.
func (x *index) add(p place, most int) {
	last := len(x.runs) - 1
	if last < 0 || len(x.runs[last]) >= most {
		x.runs = append(x.runs, make([]place, 0, maxRun))
		last++
	}
	x.runs[last] = append(x.runs[last], p)
	x.len++
}

// remove removes the record at p, which is there.
func (x *index) remove(p place) {
	s := x.seekRecord(x.shelf.records[p])
	run := slices.Delete(x.runs[s.run], s.i, s.i+1)
	x.runs[s.run] = run
	x.len--
	if len(run) == 0 {
		x.runs = slices.Delete(x.runs, s.run, s.run+1)
	} else if next := s.run + 1; next < len(x.runs) && len(run)+len(x.runs[next]) <= shortRun {
		x.runs[s.run] = append(run, x.runs[next]...)
		x.runs = slices.Delete(x.runs, next, next+1)
	}
}
