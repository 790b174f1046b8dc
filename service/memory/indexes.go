package memory

import (
	"bytes"
	"strings"

	"github.com/tidwall/btree"

	"github.com/userd/userd/service"
)

// tree orders records; the store's own lock guards it.
type tree = btree.BTreeG[*service.Record]

// indexes keep the same records in each order that they are listed or
// searched in.
type indexes struct {
	created, email, lastName, firstName *tree
}

// orderedTree is an index and its order.
type orderedTree struct {
	*tree
	order order
}

func newIndexes() *indexes {
	return &indexes{
		created:   newTree(byCreated),
		email:     newTree(byEmail),
		lastName:  newTree(byLastName),
		firstName: newTree(byFirstName),
	}
}

func newTree(o order) *tree {
	less := func(a, b *service.Record) bool { return o(a, b) < 0 }
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

// all lists the indexes, each with its order.
func (x *indexes) all() [4]orderedTree {
	return [...]orderedTree{{x.created, byCreated}, {x.email, byEmail}, {x.lastName, byLastName}, {x.firstName, byFirstName}}
}

// replace puts new in the place of old; either may be nil. A new record that
// stands where the old one did takes its place in one step instead of two.
func (x *indexes) replace(old, new *service.Record) {
	for _, t := range x.all() {
		if old != nil && (new == nil || t.order(old, new) != 0) {
			t.Delete(old)
		}
		if new != nil {
			t.Set(new)
		}
	}
}

// withEmail returns the record with this e-mail key, or nil.
func (x *indexes) withEmail(key string) *service.Record {
	var found *service.Record
	x.email.Ascend(keyed(key), func(r *service.Record) bool {
		if r.Keys.Email == key {
			found = r
		}
		return false
	})
	return found
}

// ordered returns the index that an order by f walks.
func (x *indexes) ordered(f service.OrderField) *tree {
	switch f {
	case service.OrderByEmail:
		return x.email
	case service.OrderByLastName:
		return x.lastName
	default:
		return x.created
	}
}

// orderBy returns the order of the index that ordered returns.
func orderBy(f service.OrderField) order {
	switch f {
	case service.OrderByEmail:
		return byEmail
	case service.OrderByLastName:
		return byLastName
	default:
		return byCreated
	}
}

// keyed is a record that stands before all others with this key.
func keyed(key string) *service.Record {
	return &service.Record{Keys: service.Keys{Email: key, FirstName: key, LastName: key}}
}

// at is a record that stands at p in every order.
func at(p *service.Position) *service.Record {
	r := keyed(p.Key)
	r.User.ID, r.User.CreatedAt = p.ID, p.At
	return r
}

// order compares two records as cmp.Compare does; it tells any two users apart.
type order func(a, b *service.Record) int

func byCreated(a, b *service.Record) int {
	if c := a.User.CreatedAt.Compare(b.User.CreatedAt); c != 0 {
		return c
	}
	return byID(a, b)
}

func byEmail(a, b *service.Record) int { return byKey(a, b, a.Keys.Email, b.Keys.Email) }

func byLastName(a, b *service.Record) int { return byKey(a, b, a.Keys.LastName, b.Keys.LastName) }

func byFirstName(a, b *service.Record) int { return byKey(a, b, a.Keys.FirstName, b.Keys.FirstName) }

func byKey(a, b *service.Record, keyA, keyB string) int {
	if c := strings.Compare(keyA, keyB); c != 0 {
		return c
	}
	return byID(a, b)
}

func byID(a, b *service.Record) int { return bytes.Compare(a.User.ID[:], b.User.ID[:]) }
