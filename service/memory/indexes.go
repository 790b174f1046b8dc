package memory

import (
	"bytes"
	"cmp"

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

func newIndexes() *indexes {
	unlocked := btree.Options{NoLocks: true}
	return &indexes{
		created:   btree.NewBTreeGOptions(byCreated, unlocked),
		email:     btree.NewBTreeGOptions(byEmail, unlocked),
		lastName:  btree.NewBTreeGOptions(byLastName, unlocked),
		firstName: btree.NewBTreeGOptions(byFirstName, unlocked),
	}
}

func (x *indexes) insert(r *service.Record) {
	x.created.Set(r)
	x.email.Set(r)
	x.lastName.Set(r)
	x.firstName.Set(r)
}

func (x *indexes) remove(r *service.Record) {
	x.created.Delete(r)
	x.email.Delete(r)
	x.lastName.Delete(r)
	x.firstName.Delete(r)
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

func byCreated(a, b *service.Record) bool {
	if c := a.User.CreatedAt.Compare(b.User.CreatedAt); c != 0 {
		return c < 0
	}
	return idLess(a, b)
}

func byEmail(a, b *service.Record) bool {
	return keyLess(a.Keys.Email, b.Keys.Email, a, b)
}

func byLastName(a, b *service.Record) bool {
	return keyLess(a.Keys.LastName, b.Keys.LastName, a, b)
}

func byFirstName(a, b *service.Record) bool {
	return keyLess(a.Keys.FirstName, b.Keys.FirstName, a, b)
}

func keyLess(ak, bk string, a, b *service.Record) bool {
	if c := cmp.Compare(ak, bk); c != 0 {
		return c < 0
	}
	return idLess(a, b)
}

func idLess(a, b *service.Record) bool {
	return bytes.Compare(a.User.ID[:], b.User.ID[:]) < 0
}
