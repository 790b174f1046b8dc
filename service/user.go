package service

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// User is one user of the application. The password's hash is not part of it,
// so that no transport can leak it.
type User struct {
	// ID is a UUID (RFC 9562), set once: a UUIDv7 unless the user was imported.
	ID uuid.UUID
	// Email is the address as it was typed, trimmed.
	Email string
	// EmailVerifiedAt is when the address was last shown to be the user's: UTC, in
	// whole microseconds. It is zero while it was not, and again when another
	// address takes its place.
	EmailVerifiedAt time.Time
	// FirstName is the given name, trimmed, 1 to 100 characters.
	FirstName string
	// LastName is the family name, trimmed, 1 to 100 characters.
	LastName string
	// IsActive is false while the user is to be kept out.
	IsActive bool
	// Version starts at 1 and grows by one with each change.
	Version int32
	// CreatedAt is when the user was created: UTC, in whole microseconds.
	CreatedAt time.Time
	// UpdatedAt is when the user last changed: UTC, in whole microseconds.
	UpdatedAt time.Time
}

// VerifiedAt is EmailVerifiedAt, or nil where that is zero.
func (u User) VerifiedAt() *time.Time {
	if u.EmailVerifiedAt.IsZero() {
		return nil
	}
	return &u.EmailVerifiedAt
}

// TimeLayout is how a time is written wherever it is a text: RFC 3339 in UTC
// with all the microseconds that are kept, so that times sort as texts.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// Field is the snake_case name of an input field, as error messages give it, or
// of a user's field, as the change log does. Transports translate it into their
// own spelling.
type Field string

// The fields that inputs have, and EmailVerifiedAt, which no API takes.
const (
	FieldID              Field = "id"
	FieldIDs             Field = "ids"
	FieldUsers           Field = "users"
	FieldPolicy          Field = "policy"
	FieldUserID          Field = "user_id"
	FieldEmail           Field = "email"
	FieldEmailVerifiedAt Field = "email_verified_at"
	FieldFirstName       Field = "first_name"
	FieldLastName        Field = "last_name"
	FieldPassword        Field = "password"
	FieldIsActive        Field = "is_active"
	FieldExpectedVersion Field = "expected_version"
	FieldIdempotencyKey  Field = "idempotency_key"
	FieldFilter          Field = "filter"
	FieldQuery           Field = "q"
	FieldOrderBy         Field = "order_by"
	FieldFirst           Field = "first"
	FieldAfter           Field = "after"
	FieldLast            Field = "last"
	FieldBefore          Field = "before"
	FieldClient          Field = "client"
	FieldLabel           Field = "label"
	FieldRefreshToken    Field = "refresh_token"
	FieldSessionID       Field = "session_id"
	FieldToken           Field = "token"
)

// UserInput holds what a caller says about a user. Which fields must be given
// depends on the method that takes it.
type UserInput struct {
	Email     Optional[string]
	FirstName Optional[string]
	LastName  Optional[string]
	Password  Optional[string]
	IsActive  Optional[bool]
}

// Versions are the versions of a user that a caller is willing to change; nil
// means any version.
type Versions []int32

// idLength is the length of an id in its canonical form; uuid.Parse takes longer
// and shorter ones, too.
const idLength = 36

// ParseID reads a user's id in its canonical form only: 36 characters,
// lower-case hexadecimal. Other spellings of a UUID would make one user
// reachable under several addresses.
func ParseID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != idLength || strings.ToLower(s) != s {
		return uuid.Nil, invalid(FieldID, errNoID())
	}
	return id, nil
}

func errNoID() *problem {
	return &problem{FieldInvalid, "An id is a UUID in its canonical form: 36 characters, lower case."}
}
