package service

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The fields that only an import has. No transport has to have names for them.
const (
	FieldVersion      = Field("version")
	FieldCreatedAt    = Field("created_at")
	FieldUpdatedAt    = Field("updated_at")
	FieldPasswordHash = Field("password_hash")
)

// ImportInput is what a file says about one user. E-mail address and names must
// be given; [Service.Import] tells what the others mean.
type ImportInput struct {
	UserInput
	ID           Optional[string]
	PasswordHash Optional[string]
	Version      Optional[int64]
	CreatedAt    Optional[string]
	UpdatedAt    Optional[string]
	// EmailVerifiedAt is when the address was shown to be the user's; null says
	// that it was not.
	EmailVerifiedAt Optional[string]
	// Mistakes are what was wrong with the row before it could be an input, at
	// most one a field. They are reported together with the others, unless one of
	// them has no field: the row as a whole is of no use.
	Mistakes []FieldError
}

// maxImportVersion leaves an imported user enough versions for its life.
const maxImportVersion = 1_000_000_000

// importSkew is how far the clock of where users come from may be ahead.
const importSkew = time.Minute

// parsedRow is a row that has been checked, and the password that is still to
// be hashed, if there is one.
type parsedRow struct {
	ImportRow
	password *string
}

// parseImport checks every field of a row, by the rules of creating a user.
func (s *Service) parseImport(in ImportInput, now time.Time) (parsedRow, error) {
	c := checker{fields: in.Mistakes}
	if slices.ContainsFunc(in.Mistakes, func(f FieldError) bool { return f.Field == "" }) {
		return parsedRow{}, c.err()
	}
	ch := c.user(in.UserInput, s.passwords, FieldEmail, FieldFirstName, FieldLastName)
	id := parseField(&c, FieldID, false, in.ID, parseImportID)
	hash := parseField(&c, FieldPasswordHash, false, in.PasswordHash, importHash)
	if !in.PasswordHash.IsAbsent() && !in.Password.IsAbsent() {
		c.add(FieldPasswordHash, &problem{FieldInvalid, "A user has a password or a password hash, not both."})
	}
	version := parseField(&c, FieldVersion, false, in.Version, importVersion)
	created, updated := c.importTimes(in, now)
	verified := c.importVerification(in.EmailVerifiedAt, now)
	if err := c.err(); err != nil {
		return parsedRow{}, err
	}
	u := User{ID: orElse(id, uuid.Nil), EmailVerifiedAt: verified, IsActive: true, Version: orElse(version, 1), CreatedAt: created, UpdatedAt: updated}
	ch.applyTo(&u)
	keys := Keys{Email: ch.email.Key, FirstName: ch.firstName.Key, LastName: ch.lastName.Key}
	record := Record{User: u, Keys: keys, PasswordHash: orElse(hash, "")}
	row := ImportRow{Record: record, KeepIsActive: ch.isActive == nil, KeepEmailVerifiedAt: in.EmailVerifiedAt.IsAbsent()}
	return parsedRow{row, ch.password}, nil
}

func orElse[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}

func parseImportID(s string) (uuid.UUID, *problem) {
	id, err := ParseID(s)
	if err != nil || id == uuid.Nil { // which stands for nobody
		return id, errNoID()
	}
	return id, nil
}

// importHash takes what every store can keep. All that a hash consists of is
// ASCII, but for the salt of Django's, which is text that anybody may have chosen.
func importHash(s string) (string, *problem) {
	_, p := parsePasswordHash(s)
	if p == nil && strings.ContainsFunc(s, notPrintableASCII) {
		p = &problem{FieldForbiddenCharacter, "A password hash has printable ASCII characters only."}
	}
	return s, p
}

func importVersion(n int64) (int32, *problem) {
	if n < 1 || n > maxImportVersion {
		return 0, &problem{FieldOutOfRange, "A version is a number from 1 to 1000000000."}
	}
	return int32(n), nil
}

// importTimes reads both times. A user whose file has neither is created now,
// one with one of them has not changed since it was created.
func (c *checker) importTimes(in ImportInput, now time.Time) (created, updated time.Time) {
	parse := func(s string) (time.Time, *problem) { return parseImportTime(s, now) }
	c1 := parseField(c, FieldCreatedAt, false, in.CreatedAt, parse)
	u1 := parseField(c, FieldUpdatedAt, false, in.UpdatedAt, parse)
	updated = orElse(u1, orElse(c1, now))
	created = orElse(c1, updated)
	if updated.Before(created) {
		c.add(FieldUpdatedAt, &problem{FieldOutOfRange, "A user cannot have changed before it was created."})
	}
	return created, updated
}

// importVerification reads when an address was verified; zero, which some
// programs write for never, is no such time.
func (c *checker) importVerification(in Optional[string], now time.Time) time.Time {
	if in.IsNull() {
		return time.Time{}
	}
	at := parseField(c, FieldEmailVerifiedAt, false, in, func(s string) (time.Time, *problem) {
		t, p := parseImportTime(s, now)
		if p == nil && t.IsZero() {
			p = &problem{FieldOutOfRange, "An address that is not verified has no such time; leave it out."}
		}
		return t, p
	})
	return orElse(at, time.Time{})
}

// parseImportTime reads an RFC 3339 time; what is finer than a microsecond is
// dropped.
func parseImportTime(s string, now time.Time) (time.Time, *problem) {
	var t time.Time
	if err := t.UnmarshalText([]byte(s)); err != nil || strings.Contains(s, ",") { // Go takes one for the point
		return t, &problem{FieldInvalid, "A time is written as in RFC 3339, such as 2026-01-31T12:00:00Z."}
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 1 || t.After(now.Add(importSkew)) {
		return t, &problem{FieldOutOfRange, "A time lies in the past, and not before the year 1."}
	}
	return t, nil
}
