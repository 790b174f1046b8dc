package memory

import (
	"slices"
	"sort"
	"strings"

	"github.com/userd/userd/service"
)

// listing is a ListQuery on its way through the tables.
type listing struct {
	q             service.ListQuery
	trees         []*tree
	less          func(a, b *service.Record) bool // in the query's direction
	after, before *service.Record
}

// list returns the records that q asks for. No query scans all users: an
// e-mail key is looked up, a list without prefix is read off an index, and one
// with a prefix looks at no more than twice as many users as have it.
func (t *tables) list(q service.ListQuery) []*service.Record {
	l := t.newListing(q)
	switch {
	case q.Filter.EmailKey != "":
		return l.one(t.withEmail(q.Filter.EmailKey))
	case q.Filter.Prefix != "":
		return l.search(t.selected(q.Filter.IsActive))
	}
	var found []*service.Record
	for r := range l.walk() {
		if found = append(found, r); len(found) == q.Limit {
			break
		}
	}
	return found
}

func (t *tables) newListing(q service.ListQuery) *listing {
	l := &listing{q: q}
	for _, x := range t.selected(q.Filter.IsActive) {
		l.trees = append(l.trees, x.ordered(q.Order.Field))
	}
	l.less = l.trees[0].Less
	if q.Order.Descending {
		l.less = func(a, b *service.Record) bool { return l.trees[0].Less(b, a) }
	}
	if q.After != nil {
		l.after = at(q.After)
	}
	if q.Before != nil {
		l.before = at(q.Before)
	}
	return l
}

func (l *listing) walk() func(func(*service.Record) bool) {
	return walk(l.trees, l.trees[0].Less, l.q.Order.Descending, l.after, l.before)
}

// one is the list of r alone, if r belongs to it.
func (l *listing) one(r *service.Record) []*service.Record {
	if r == nil || !matches(r, l.q.Filter) || !l.within(r) {
		return nil
	}
	return []*service.Record{r}
}

func (l *listing) within(r *service.Record) bool {
	return (l.after == nil || l.less(l.after, r)) && (l.before == nil || l.less(r, l.before))
}

// search finds the users with the prefix in one of two ways. Walking the
// order and leaving out who does not match is quick when many match; gathering
// all who match and sorting them is quick when few do. Which it is cannot be
// known beforehand, so the walk is given up after as many users as gathering
// would look at.
func (l *listing) search(selected []*indexes) []*service.Record {
	budget := 0
	for _, x := range selected {
		budget += x.estimate(l.q.Filter.Prefix)
	}
	var found []*service.Record
	for r := range l.walk() {
		if budget--; budget < 0 {
			return l.gather(selected)
		}
		if matches(r, l.q.Filter) {
			if found = append(found, r); len(found) == l.q.Limit {
				break
			}
		}
	}
	return found
}

// gather looks at all users with the prefix and returns the first ones,
// holding no more than twice the limit.
func (l *listing) gather(selected []*indexes) []*service.Record {
	var best []*service.Record
	trim := func() {
		slices.SortFunc(best, func(a, b *service.Record) int {
			switch {
			case l.less(a, b):
				return -1
			case l.less(b, a):
				return 1
			}
			return 0
		})
		best = best[:min(len(best), l.q.Limit)]
	}
	for _, x := range selected {
		x.withPrefix(l.q.Filter.Prefix, func(r *service.Record) {
			if !l.within(r) {
				return
			}
			if best = append(best, r); len(best) == 2*l.q.Limit {
				trim()
			}
		})
	}
	trim()
	return best
}

// count counts the users that f selects.
func (t *tables) count(f service.Filter) int {
	if f.EmailKey != "" {
		if r := t.withEmail(f.EmailKey); r == nil || !matches(r, f) {
			return 0
		}
		return 1
	}
	n := 0
	for _, x := range t.selected(f.IsActive) {
		if f.Prefix == "" {
			n += x.created.Len()
			continue
		}
		x.withPrefix(f.Prefix, func(*service.Record) { n++ })
	}
	return n
}

// matches tells whether f selects r.
func matches(r *service.Record, f service.Filter) bool {
	return (f.EmailKey == "" || r.Keys.Email == f.EmailKey) &&
		(f.IsActive == nil || r.User.IsActive == *f.IsActive) &&
		(f.Prefix == "" || strings.HasPrefix(r.Keys.Email, f.Prefix) ||
			strings.HasPrefix(r.Keys.FirstName, f.Prefix) || strings.HasPrefix(r.Keys.LastName, f.Prefix))
}

// withPrefix calls visit for each user one of whose keys starts with prefix,
// once: a user who stands in several of the ranges is visited in the first.
func (x *indexes) withPrefix(prefix string, visit func(*service.Record)) {
	seen := make([]func(*service.Record) string, 0, 3)
	for _, s := range x.searched() {
		s.tree.Ascend(keyed(prefix), func(r *service.Record) bool {
			if !strings.HasPrefix(s.key(r), prefix) {
				return false
			}
			if !slices.ContainsFunc(seen, func(key func(*service.Record) string) bool { return strings.HasPrefix(key(r), prefix) }) {
				visit(r)
			}
			return true
		})
		seen = append(seen, s.key)
	}
}

// estimate is how many users withPrefix looks at.
func (x *indexes) estimate(prefix string) int {
	n := 0
	for _, s := range x.searched() {
		n += rank(s.tree, keyed(prefix+"\xff")) - rank(s.tree, keyed(prefix)) // no key holds the byte FF
	}
	return n
}

// searched are the indexes that a prefix is looked up in, and their keys.
func (x *indexes) searched() []searchIndex {
	return []searchIndex{
		{x.email, func(r *service.Record) string { return r.Keys.Email }},
		{x.firstName, func(r *service.Record) string { return r.Keys.FirstName }},
		{x.lastName, func(r *service.Record) string { return r.Keys.LastName }},
	}
}

type searchIndex struct {
	tree *tree
	key  func(*service.Record) string
}

// rank counts the records of t that stand before r.
func rank(t *tree, r *service.Record) int {
	return sort.Search(t.Len(), func(i int) bool {
		item, _ := t.GetAt(i)
		return !t.Less(item, r)
	})
}
