package memory

import (
	"slices"
	"strings"

	"github.com/userd/userd/service"
)

// listing is a ListQuery on its way through the tables.
type listing struct {
	q             service.ListQuery
	selected      []*indexes
	indexes       []*index        // of selected, in the query's order or its reverse
	compare       order           // the query's, turned round when it is descending
	after, before *service.Record // nil: no bound
}

// list returns the records that q asks for. No query scans all users: an
// e-mail key is looked up, a list without prefix is read off an index, and one
// with a prefix looks at no more than twice as many users as have it.
func (t *tables) list(q service.ListQuery) []*service.Record {
	l := t.newListing(q)
	switch {
	case q.Filter.EmailKey != "":
		return l.one(t.WithEmail(q.Filter.EmailKey))
	case q.Filter.Prefix != "":
		return l.search()
	}
	found := make([]*service.Record, 0, min(q.Limit, service.MaxPageSize+1))
	for r := range l.walk {
		if found = append(found, r); len(found) == q.Limit {
			break
		}
	}
	return found
}

func (t *tables) newListing(q service.ListQuery) *listing {
	l := &listing{q: q, selected: t.selected(q.Filter.IsActive)}
	for _, x := range l.selected {
		l.indexes = append(l.indexes, x.ordered(q.Order.Field))
	}
	l.compare = l.indexes[0].order
	if forward := l.compare; q.Order.Descending {
		l.compare = func(a, b *service.Record) int { return forward(b, a) }
	}
	if q.After != nil {
		l.after = at(q.After)
	}
	if q.Before != nil {
		l.before = at(q.Before)
	}
	return l
}

// one is the list of r alone, if r belongs to it.
func (l *listing) one(r *service.Record) []*service.Record {
	if r == nil || !matches(r, l.q.Filter) || !l.within(r) {
		return nil
	}
	return []*service.Record{r}
}

func (l *listing) within(r *service.Record) bool {
	return (l.after == nil || l.compare(l.after, r) < 0) && (l.before == nil || l.compare(r, l.before) < 0)
}

// search finds the users with the prefix in one of two ways. Walking the
// order and leaving out who does not match is quick when many match; gathering
// all who match and sorting them is quick when few do. Which it is cannot be
// known beforehand, so the walk is given up after as many users as are known
// to match: gathering looks at no fewer.
func (l *listing) search() []*service.Record {
	budget := 0
	for _, x := range l.selected {
		budget += x.atLeast(l.q.Filter.Prefix)
	}
	if found, done := l.pick(budget); done {
		return found
	}
	return l.gather()
}

// pick walks along at most budget users and returns those that match, and
// whether they are all that were asked for.
func (l *listing) pick(budget int) (found []*service.Record, done bool) {
	for r := range l.walk {
		if budget--; budget < 0 {
			return nil, false
		}
		if matches(r, l.q.Filter) {
			if found = append(found, r); len(found) == l.q.Limit {
				break
			}
		}
	}
	return found, true
}

// gather looks at all users with the prefix and returns the first ones,
// holding no more than twice the limit.
func (l *listing) gather() []*service.Record {
	var best []*service.Record
	trim := func() {
		slices.SortFunc(best, l.compare)
		best = best[:min(len(best), l.q.Limit)]
	}
	for _, x := range l.selected {
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
		if r := t.WithEmail(f.EmailKey); r == nil || !matches(r, f) {
			return 0
		}
		return 1
	}
	n := 0
	for _, x := range t.selected(f.IsActive) {
		if f.Prefix == "" {
			n += x.created.len
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
		(f.Prefix == "" || firstWithPrefix(r, f.Prefix) >= 0)
}

// searched are the indexes that a prefix is looked up in.
func (x *indexes) searched() [3]*index { return [3]*index{x.email, x.firstName, x.lastName} }

// searchedKeys are the keys that r has in them.
func searchedKeys(r *service.Record) [3]string {
	return [3]string{r.Keys.Email, r.Keys.FirstName, r.Keys.LastName}
}

// firstWithPrefix tells which of r's searched keys is the first that starts
// with prefix, or -1.
func firstWithPrefix(r *service.Record, prefix string) int {
	keys := searchedKeys(r)
	return slices.IndexFunc(keys[:], func(key string) bool { return strings.HasPrefix(key, prefix) })
}

// withPrefix calls visit once for each user one of whose keys starts with
// prefix: where several do, when the first of them comes along.
func (x *indexes) withPrefix(prefix string, visit func(*service.Record)) {
	for i, index := range x.searched() {
		for r := range index.from(index.seekKey(i, prefix)) {
			if !strings.HasPrefix(searchedKeys(r)[i], prefix) {
				break
			}
			if firstWithPrefix(r, prefix) == i {
				visit(r)
			}
		}
	}
}

// seekKey returns the spot of the first record whose i-th searched key, which
// x is ordered by, is not less than key.
func (x *index) seekKey(i int, key string) spot {
	return x.seek(func(r *service.Record) bool { return searchedKeys(r)[i] < key })
}

// atLeast is a number of users with the prefix that is known without looking
// at any: how many have it in the key in which most do.
func (x *indexes) atLeast(prefix string) int {
	n := 0
	for i, index := range x.searched() {
		end := index.seekKey(i, prefix+"\xff") // no key holds the byte FF
		n = max(n, index.between(index.seekKey(i, prefix), end))
	}
	return n
}
