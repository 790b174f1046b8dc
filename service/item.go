package service

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The bounds of items. What would not keep them is refused as the defect of
// the service that it is.
const (
	// MaxItemKind is how many bytes an [ItemKind] has at most; it has at least 1.
	MaxItemKind = 32
	// MaxItemValue is how many bytes the value of an [Item] has at most; it has
	// at least 1.
	MaxItemValue = 16 << 10
	// MaxItemChanges is how many items one change of a store is about at most.
	MaxItemChanges = 100
)

// ItemKind tells what an item is for: 1 to [MaxItemKind] bytes of ASCII. Kinds
// that begin with "store." are the stores' own.
type ItemKind string

// ItemKey is what an item is found by among those of its kind: the SHA-256 of
// something, or random, so that no key says anything about anybody.
type ItemKey [32]byte

// Item is a small value that a store keeps beside the users, such as a session
// or a token that can be used once. An item of a user goes with the user.
type Item struct {
	Kind ItemKind
	Key  ItemKey
	// User is whose item it is; uuid.Nil stands for nobody.
	User uuid.UUID
	// Value is whatever the service makes of it: 1 to [MaxItemValue] bytes.
	Value []byte
	// ExpiresAt is when the item ends: from then on it is as if it were not
	// there. UTC, in whole microseconds; zero means never.
	ExpiresAt time.Time
}

// IsThere tells whether the item has not ended at a time.
func (i *Item) IsThere(at time.Time) bool { return i.ExpiresAt.IsZero() || i.ExpiresAt.After(at) }

// ItemChange puts an item in the place of the one with this kind and key, if
// that is what the caller has read.
type ItemChange struct {
	Kind ItemKind
	Key  ItemKey
	// Was is the value that the item must have now; nil means that there must be
	// none.
	Was []byte
	// New is the item that there then is, with the same kind and key; nil means
	// none.
	New *Item
}

// ItemQuery asks a store for a part of the items of one kind.
type ItemQuery struct {
	Kind ItemKind
	// User is whose items are meant; uuid.Nil stands for everybody's and nobody's.
	User uuid.UUID
	// After is the key behind which the part begins; nil means with the first.
	After *ItemKey
	// Limit is the most items to return, at least 1.
	Limit int
	// At is when: items that have ended by then are not there.
	At time.Time
}

// ItemNotFoundError says that there is no item of a kind with a key. It is for
// the service, and not in the error catalogue.
type ItemNotFoundError struct{ Kind ItemKind }

// Error names the kind.
func (e *ItemNotFoundError) Error() string { return fmt.Sprintf("there is no such %q item", e.Kind) }

// ItemConflictError says that an item is not, or no longer, what an
// [ItemChange] expected. It is for the service, which reads anew and tries
// again, and not in the error catalogue.
type ItemConflictError struct{ Kind ItemKind }

// Error names the kind.
func (e *ItemConflictError) Error() string {
	return fmt.Sprintf("a %q item is not what was expected", e.Kind)
}

func isItemConflict(err error) bool {
	_, conflict := errors.AsType[*ItemConflictError](err)
	return conflict
}
