package service

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Change is one entry of the change log: what one change did to one user.
// Entries are numbered without gaps in the order in which they took effect.
type Change struct {
	// Seq is the change's place in the log; the first is 1.
	Seq int64
	// At is when it happened: UTC, in whole microseconds.
	At time.Time
	// Kind tells what happened.
	Kind ChangeKind
	// UserID is the user it happened to.
	UserID uuid.UUID
	// Version is the user's version after it. A deletion keeps the last one.
	Version int32
	// Fields are the fields that changed, in the order of [User]. Once the
	// user is deleted their values are gone from all of the user's changes.
	Fields []FieldChange
	// Origin tells who asked for it.
	Origin Origin
}

// ChangeKind names what a change did.
type ChangeKind string

// The kinds of changes.
const (
	// ChangeCreated: the user was created.
	ChangeCreated ChangeKind = "created"
	// ChangeUpdated: several fields, or any but those below, got new values.
	ChangeUpdated ChangeKind = "updated"
	// ChangeEmail: the e-mail address alone changed, and with it perhaps whether
	// it is verified.
	ChangeEmail ChangeKind = "email_changed"
	// ChangeEmailVerified: the e-mail address was shown to be the user's.
	ChangeEmailVerified ChangeKind = "email_verified"
	// ChangePassword: the password alone changed, and with it perhaps whether the
	// e-mail address is verified.
	ChangePassword ChangeKind = "password_changed"
	// ChangeDeleted: the user was deleted.
	ChangeDeleted ChangeKind = "deleted"
)

// ChangeKinds lists all kinds, for the transports' tables and their tests.
func ChangeKinds() []ChangeKind {
	return []ChangeKind{ChangeCreated, ChangeUpdated, ChangeEmail, ChangeEmailVerified, ChangePassword, ChangeDeleted}
}

// FieldChange is a field with its values before and after a change, as text.
// A value is nil where there was none, where it is a secret, and where it has
// been erased.
type FieldChange struct {
	Field Field   `json:"field"`
	Old   *string `json:"old,omitempty"`
	New   *string `json:"new,omitempty"`
}

// Origin tells where a change comes from.
type Origin struct {
	// Actor names who asked, as [Actor.String] does.
	Actor string
	// RequestID is the id of the request that asked.
	RequestID string
}

// anonymous names who has not said who they are.
const anonymous = "anonymous"

// WithOrigin returns a context whose changes are logged as coming from o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	c := *callerOf(ctx)
	c.origin = o
	return WithCaller(ctx, c)
}

// OriginOf is what WithOrigin, or [WithActor], noted in ctx.
func OriginOf(ctx context.Context) Origin {
	o := callerOf(ctx).origin
	if o.Actor == "" {
		o.Actor = anonymous
	}
	return o
}

// NewChange describes the step from old to new at the time at; a nil old is a
// creation, a nil new a deletion. Seq is left to the store.
func NewChange(old, new *Record, at time.Time, o Origin) Change {
	c := Change{At: at, Origin: o}
	switch {
	case old == nil:
		c.Kind, c.UserID, c.Version = ChangeCreated, new.User.ID, new.User.Version
		c.Fields = diff(&Record{}, new)
		for i := range c.Fields {
			c.Fields[i].Old = nil
		}
	case new == nil:
		c.Kind, c.UserID, c.Version = ChangeDeleted, old.User.ID, old.User.Version
	default:
		c.UserID, c.Version = new.User.ID, new.User.Version
		c.Fields = diff(old, new)
		c.Kind = kindOf(c.Fields)
	}
	return c
}

// kindOf is the kind of an update that changes fields.
func kindOf(fields []FieldChange) ChangeKind {
	var verified *FieldChange
	var others []Field
	for i, f := range fields {
		if f.Field == FieldEmailVerifiedAt {
			verified = &fields[i]
			continue
		}
		others = append(others, f.Field)
	}
	switch {
	case len(others) == 0 && verified != nil && verified.New != nil:
		return ChangeEmailVerified
	case slices.Equal(others, []Field{FieldEmail}):
		return ChangeEmail
	case slices.Equal(others, []Field{FieldPassword}):
		return ChangePassword
	}
	return ChangeUpdated
}

// diff lists the fields in which a and b differ. The password is named
// without its hashes.
func diff(a, b *Record) []FieldChange {
	var fields []FieldChange
	text := func(f Field, old, new string) {
		if old != new {
			fields = append(fields, FieldChange{Field: f, Old: &old, New: &new})
		}
	}
	text(FieldEmail, a.User.Email, b.User.Email)
	if !a.User.EmailVerifiedAt.Equal(b.User.EmailVerifiedAt) {
		fields = append(fields, FieldChange{FieldEmailVerifiedAt, timeText(a.User.VerifiedAt()), timeText(b.User.VerifiedAt())})
	}
	text(FieldFirstName, a.User.FirstName, b.User.FirstName)
	text(FieldLastName, a.User.LastName, b.User.LastName)
	if a.PasswordHash != b.PasswordHash {
		fields = append(fields, FieldChange{Field: FieldPassword})
	}
	text(FieldIsActive, isActiveText(a.User), isActiveText(b.User))
	return fields
}

// isActiveText writes u's flag; a user that is not there yet has none.
func isActiveText(u User) string {
	if u.Version == 0 {
		return ""
	}
	return strconv.FormatBool(u.IsActive)
}

// timeText writes a time that may be missing.
func timeText(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return new(t.UTC().Format(TimeLayout))
}

// Clone is a copy of c that shares no memory with it.
func (c Change) Clone() Change {
	c.Fields = slices.Clone(c.Fields)
	for i, f := range c.Fields {
		c.Fields[i].Old, c.Fields[i].New = cloneText(f.Old), cloneText(f.New)
	}
	return c
}

func cloneText(s *string) *string {
	if s == nil {
		return nil
	}
	return new(*s)
}

// Erased is c without the values of its fields.
func (c Change) Erased() Change {
	fields := make([]FieldChange, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = FieldChange{Field: f.Field}
	}
	c.Fields = fields
	return c
}

// ChangeQuery asks a store for a part of its change log.
type ChangeQuery struct {
	// After is the number of the change before the first one wanted, or
	// OldestKept.
	After int64
	// UserID selects the changes of one user; uuid.Nil selects all.
	UserID uuid.UUID
	// Limit is the most changes to return, at least 1.
	Limit int
}

// OldestKept stands for the change before the oldest one that the log holds when
// it is read, which never has expired.
const OldestKept = -1

// ChangeSlice is a part of the change log.
type ChangeSlice struct {
	// Changes are in the order of their numbers.
	Changes []Change
	// Through is the number up to which the log has been looked through: where
	// to go on, also when no change was of the user asked for.
	Through int64
}

// ChangeLogState tells what a change log holds.
type ChangeLogState struct {
	// ID tells this log from every other; numbers of different logs have
	// nothing to do with each other.
	ID string
	// First and Last are the oldest and newest change that can be read; in an
	// empty log First is one more than Last.
	First, Last int64
}

// Expired returns *[CursorExpiredError] unless the log can be read from after
// on without missing a change.
func (s ChangeLogState) Expired(after int64) error {
	if after != OldestKept && (after < s.First-1 || after > s.Last) {
		return &CursorExpiredError{}
	}
	return nil
}
