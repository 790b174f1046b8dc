package service

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Store keeps users. Implementations differ in where they keep them and in
// nothing else: package storetest holds every one of them to these rules.
//
//   - All methods may be called at once from many goroutines.
//   - Each change is atomic: it happens as a whole or, when an error is
//     returned, not at all; once a method has returned without an error, every
//     later read sees the change.
//   - Each change appends one entry to the change log in the same atomic step,
//     as [NewChange] describes it, with ctx's [Origin], the next number, and the
//     time that came with it: that of the creation, of the update or of the
//     deletion. Numbers have no gaps and become readable in their order.
//   - E-mail keys are unique, compared byte by byte. Of two changes that want
//     the same key one wins and the other gets *[EmailTakenError].
//   - Lists are ordered by the bytes of the key ("C" collation), then by id.
//   - Times are kept in UTC to the microsecond; callers pass no finer ones.
//   - What is returned is the caller's: changing it changes nothing stored. What
//     a [KeyedUser] points to is not: it is only read.
//   - A store checks no business rule: the service has done so.
//   - When the engine behind the store is away, methods return
//     *[UnavailableError]; when ctx ends first, an error that wraps its cause.
//     Where it cannot be known whether a change was made, *[OutcomeUnknownError]
//     says so; every other error means that it was not.
type Store interface {
	// CreateUser adds r, and makes these changes of items in the same step, as
	// ChangeItems does at r's CreatedAt; items may be the new user's. It returns
	// *[EmailTakenError] when another user has r's e-mail key, then the errors of
	// ChangeItems. An id that is taken is a defect and an untyped error; that
	// of a deleted user is used again by ImportUsers alone.
	CreateUser(ctx context.Context, r Record, items ...ItemChange) error

	// UpdateUser changes what u names and returns the user as it then is:
	// version one higher, UpdatedAt set to u.At or left where it is later.
	// An update that would leave every field as it was changes nothing, not
	// even the version, but for items: these are changed in any case, in the same
	// step. The first of these that holds is returned: *[UserNotFoundError],
	// *[VersionConflictError], *[EmailTakenError], the errors of ChangeItems.
	UpdateUser(ctx context.Context, id uuid.UUID, u Update) (User, error)

	// DeleteUser removes the user with all its items, frees its e-mail address,
	// and erases the values of its fields from the change log. It returns
	// *[UserNotFoundError], then *[VersionConflictError].
	DeleteUser(ctx context.Context, id uuid.UUID, d Deletion) error

	// User returns the user with this id, or *[UserNotFoundError].
	User(ctx context.Context, id uuid.UUID) (User, error)

	// UsersByID returns those of the users that are there, each once, in no
	// particular order.
	UsersByID(ctx context.Context, ids []uuid.UUID) ([]User, error)

	// ListUsers returns at most q.Limit users that match q.Filter and stand
	// strictly between q.After and q.Before, in q.Order, nearest to q.After
	// first. Someone who walks the list page by page sees each user that is
	// there all the while exactly once, whatever is added or removed meanwhile.
	ListUsers(ctx context.Context, q ListQuery) ([]KeyedUser, error)

	// CountUsers counts the users that match f.
	CountUsers(ctx context.Context, f Filter) (int, error)

	// PasswordHash returns the user's password hash, or *[UserNotFoundError].
	PasswordHash(ctx context.Context, id uuid.UUID) (string, error)

	// HashSchemes counts the users by the [HashScheme] of their password hashes. It
	// reads all users, and is asked for now and then.
	HashSchemes(ctx context.Context) (map[string]int, error)

	// Records returns at most limit users with all that is kept of them, oldest
	// first, starting behind after; nil means with the oldest. Someone who walks
	// them page by page sees each user that is there all the while exactly once.
	Records(ctx context.Context, after *Position, limit int) ([]Record, error)

	// ImportUsers carries out rows, at most [MaxImportRows] of them, one after
	// the other and each seeing what the ones before it did, and returns as many
	// results in their order. Each row on its own is one change, or none:
	//
	//   - Where no user has the row's id, and none its e-mail key, the row's
	//     record is created as it is. The id may be that of a deleted user, whose
	//     changes stay without values.
	//   - Otherwise the user with that id, or if there is none the one with that
	//     e-mail key, is there already, and o.OnConflict says what to do: refuse
	//     the row with *[IDTakenError] or *[EmailTakenError], skip it, or carry
	//     out [ImportRow.UpdateOf] it as it is, which may leave everything unchanged. An update
	//     that wants another user's e-mail key is refused with *[EmailTakenError].
	//
	// The entries of the change log have the time o.At; of more users than the
	// log keeps it may keep none, and be cut off behind them. With o.DryRun the results
	// are the same and nothing changes; so it is with o.AllOrNothing when a row is
	// refused, and otherwise all rows are one step. When an error is returned no row was
	// carried out.
	ImportUsers(ctx context.Context, rows []ImportRow, o ImportOptions) ([]ImportResult, error)

	// Changes returns a part of the change log. It returns
	// *[CursorExpiredError] when the log no longer holds all that follows
	// q.After, or never did.
	Changes(ctx context.Context, q ChangeQuery) (ChangeSlice, error)

	// ChangeLog tells what the change log holds now.
	ChangeLog(ctx context.Context) (ChangeLogState, error)

	// AwaitChange returns nil once the log holds a change after the given one,
	// at once if it does already.
	AwaitChange(ctx context.Context, after int64) error

	// CreateKey adds a key, which has not been used and is not revoked. It takes
	// the place of a revoked key with the same name; where that is not revoked it
	// returns *[KeyTakenError]. Of two at once with one name one wins. Changes of
	// keys are atomic like those of users, and not in the change log.
	CreateKey(ctx context.Context, k Key) error

	// Keys returns all keys in the order of the bytes of their names.
	Keys(ctx context.Context) ([]Key, error)

	// RevokeKey sets the key's RevokedAt, or returns *[KeyNotFoundError] where
	// there is no key of this name, or a revoked one.
	RevokeKey(ctx context.Context, name string, at time.Time) error

	// TouchKey sets the LastUsedAt of the key with this hash, unless it is less
	// than [KeyUseInterval] older than at, or no key has the hash.
	TouchKey(ctx context.Context, hash KeyHash, at time.Time) error

	// Item returns the item of this kind with this key, or *[ItemNotFoundError]
	// where there is none at that time.
	Item(ctx context.Context, kind ItemKind, key ItemKey, at time.Time) (Item, error)

	// Items returns at most q.Limit items that match q, in the order of the bytes
	// of their keys.
	Items(ctx context.Context, q ItemQuery) ([]Item, error)

	// ChangeItems makes changes of items, at most [MaxItemChanges], one after the
	// other and each seeing what the ones before it did: all of them in one step,
	// or none. The first of these that holds for a change is returned:
	// *[UserNotFoundError] where there is no user whose item is to be put there,
	// *[ItemConflictError] where the item is not what it must be at that time.
	// Of several that expect the same one wins.
	//
	// Items are not part of a user, and in no change log: no version tells of
	// them. What has ended is removed for good in the background.
	ChangeItems(ctx context.Context, at time.Time, changes []ItemChange) error

	// Ping returns nil when the store can answer and take changes now.
	Ping(ctx context.Context) error

	// Close releases what the store holds. No method may be called after it.
	Close() error
}

// Record is a user as a store keeps it.
type Record struct {
	User         User
	Keys         Keys
	PasswordHash string
}

// Keyed is r as lists have it. Nobody may write to r afterwards.
func (r *Record) Keyed() KeyedUser { return KeyedUser{&r.User, &r.Keys} }

// KeyedUser is a user with the keys it is stored under. Many may share what it
// points to: nobody changes that.
type KeyedUser struct {
	User *User
	Keys *Keys
}

// Keys are what a user is found, compared and ordered by. The service computes
// them, so that no engine's collation or case mapping plays a part.
type Keys struct {
	Email     string
	FirstName string
	LastName  string
}

// Text is a text and the key it is found by.
type Text struct {
	Value string
	Key   string
}

// Update says what to change about a user; nil leaves a field alone.
type Update struct {
	// Expect lists the versions that may be changed; nil means any.
	Expect Versions
	// At is the time of the change.
	At time.Time

	Email        *Text
	FirstName    *Text
	LastName     *Text
	IsActive     *bool
	PasswordHash *string

	// EmailVerifiedAt is when the address that the user then has was shown to be
	// the user's; the zero time takes back that it was. Where it is nil, another
	// e-mail key takes it back, too.
	EmailVerifiedAt *time.Time

	// Items are changed in the same step, as ChangeItems does at At.
	Items []ItemChange
	// EndItems lists kinds of which all items of the user are removed in the same
	// step, except for those that Items puts there, or leaves there by putting
	// the same in their place.
	EndItems []ItemKind
}

// Deletion says how to delete a user.
type Deletion struct {
	// Expect lists the versions that may be deleted; nil means any.
	Expect Versions
	// At is the time of the deletion.
	At time.Time
}

// Filter selects users; zero fields select all. Given fields are combined
// with "and".
type Filter struct {
	// EmailKey selects the user with exactly this e-mail key.
	EmailKey string
	// Prefix selects users one of whose three keys starts with it.
	Prefix string
	// IsActive selects users by whether they are active.
	IsActive *bool
}

// OrderField is what a list is ordered by.
type OrderField string

// What lists can be ordered by.
const (
	OrderByCreatedAt OrderField = "created_at"
	OrderByEmail     OrderField = "email"
	OrderByLastName  OrderField = "last_name"
)

// OrderFields lists all order fields.
func OrderFields() []OrderField {
	return []OrderField{OrderByCreatedAt, OrderByEmail, OrderByLastName}
}

// Order is a total order of users: by Field's key, then by id; both turned
// round when Descending. The zero value means by creation, oldest first.
type Order struct {
	Field      OrderField
	Descending bool
}

// Position is a place in an [Order]: that of a user with these values, whether
// it is still there or not. Of At and Key only the one that the order's field
// uses counts.
type Position struct {
	At  time.Time
	Key string
	ID  uuid.UUID
}

// Position is where u stands in an order by f.
func (u KeyedUser) Position(f OrderField) Position {
	switch f {
	case OrderByEmail:
		return Position{Key: u.Keys.Email, ID: u.User.ID}
	case OrderByLastName:
		return Position{Key: u.Keys.LastName, ID: u.User.ID}
	default:
		return Position{At: u.User.CreatedAt, ID: u.User.ID}
	}
}

// ListQuery asks a store for a part of the list of users.
type ListQuery struct {
	Filter Filter
	Order  Order
	// After and Before bound the part; nil means the list's end.
	After, Before *Position
	// Limit is the most users to return, at least 1.
	Limit int
}

// Position is where r stands in the order of creation.
func (r *Record) Position() Position {
	return Position{At: r.User.CreatedAt, ID: r.User.ID}
}

// Apply returns r as it is after the update, and whether that differs from r.
// A new password hash always does: it has a new salt.
func (u Update) Apply(r Record) (Record, bool) {
	n := r
	if u.Email != nil {
		if u.Email.Key != r.Keys.Email {
			n.User.EmailVerifiedAt = time.Time{} // which was about the address that goes
		}
		n.User.Email, n.Keys.Email = u.Email.Value, u.Email.Key
	}
	if u.EmailVerifiedAt != nil {
		n.User.EmailVerifiedAt = *u.EmailVerifiedAt
	}
	if u.FirstName != nil {
		n.User.FirstName, n.Keys.FirstName = u.FirstName.Value, u.FirstName.Key
	}
	if u.LastName != nil {
		n.User.LastName, n.Keys.LastName = u.LastName.Value, u.LastName.Key
	}
	if u.IsActive != nil {
		n.User.IsActive = *u.IsActive
	}
	if u.PasswordHash != nil {
		n.PasswordHash = *u.PasswordHash
	}
	if n == r {
		return r, false
	}
	n.User.Version++
	if u.At.After(n.User.UpdatedAt) {
		n.User.UpdatedAt = u.At
	}
	return n, true
}
