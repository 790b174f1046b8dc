package memory

import (
	"bytes"
	"strings"

	"github.com/userd/userd/service"
)

// indexes keep the same records in each order that they are listed or
// searched in.
type indexes struct {
	created, email, lastName, firstName *index
}

func newIndexes(s *shelf) *indexes {
	return &indexes{
		created:   newIndex(s, byCreated),
		email:     newIndex(s, byEmail),
		lastName:  newIndex(s, byLastName),
		firstName: newIndex(s, byFirstName),
	}
}

// all lists the indexes.
func (x *indexes) all() [4]*index { return [...]*index{x.created, x.email, x.lastName, x.firstName} }

// withEmail returns the record with this e-mail key, or nil.
func (x *indexes) withEmail(key string) *service.Record {
	r := x.email.at(x.email.seek(func(r *service.Record) bool { return r.Keys.Email < key }))
	if r == nil || r.Keys.Email != key {
		return nil
	}
	return r
}

// ordered returns the index that an order by f walks.
func (x *indexes) ordered(f service.OrderField) *index {
	switch f {
	case service.OrderByEmail:
		return x.email
	case service.OrderByLastName:
		return x.lastName
	default:
		return x.created
	}
}

// at is a record that stands at p in every order.
func at(p *service.Position) *service.Record {
	r := &service.Record{Keys: service.Keys{Email: p.Key, FirstName: p.Key, LastName: p.Key}}
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
