package service

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

const (
	// MaxSessions is how many sessions a user has at most: another one ends the
	// oldest. Where many sign in at once there are some more until the next does.
	MaxSessions = 100
	// maxLabel bounds a session's label, in characters.
	maxLabel = 200
	// refreshGrace is for how long a refresh token that was used is answered once
	// more: the answer was lost, or two windows of one browser asked at once.
	refreshGrace = 10 * time.Second
	// kindSession is the kind of the items that sessions are.
	kindSession ItemKind = "session"
)

// SessionConfig says what sessions are like; its zero value works.
type SessionConfig struct {
	// Issuer is the claim iss of access tokens; empty means "userd". Copies of
	// one service have the same.
	Issuer string
	// Audience is their claim aud; empty means that they have none.
	Audience string
	// AccessTokenLifetime is how long an access token is good: at most
	// [MaxAccessTokenLifetime]; zero means 15 minutes.
	AccessTokenLifetime time.Duration
	// IdleTimeout is how long a session lasts after it was refreshed; zero means 30 days.
	IdleTimeout time.Duration
	// Lifetime is how long it lasts at all; zero means 180 days.
	Lifetime time.Duration
}

// MaxAccessTokenLifetime is the longest that an access token can be good: it decides
// how long a signing key stays published after its last signature.
const MaxAccessTokenLifetime = time.Hour

func (c SessionConfig) withDefaults() SessionConfig {
	const day = 24 * time.Hour
	c.Issuer = cmp.Or(c.Issuer, "userd")
	c.AccessTokenLifetime = min(cmp.Or(c.AccessTokenLifetime, 15*time.Minute), MaxAccessTokenLifetime)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 30*day)
	c.Lifetime = cmp.Or(c.Lifetime, 180*day)
	return c
}

// Session is a user's having signed in somewhere, as it is listed: without
// anything that it could be used with.
type Session struct {
	// ID is a UUID, and the claim sid of the session's access tokens.
	ID uuid.UUID
	// Label is what whoever signed in calls it, such as "Firefox on Linux"; it may
	// be empty.
	Label string
	// CreatedAt is when the user signed in: UTC, in whole microseconds, as are
	// the other times.
	CreatedAt time.Time
	// RefreshedAt is when new tokens were last given out.
	RefreshedAt time.Time
	// ExpiresAt is when the session ends unless it is refreshed before.
	ExpiresAt time.Time
	// IsCurrent is whether it is the one that the caller calls with.
	IsCurrent bool
}

// ParseSessionID reads a session's id as [ParseID] reads a user's.
func ParseSessionID(s string) (uuid.UUID, error) {
	id, err := ParseID(s)
	if err != nil {
		err = invalid(FieldSessionID, errNoID())
	}
	return id, err
}

// sessionItem is a session as it is kept.
type sessionItem struct {
	user  uuid.UUID
	value []byte    // as it was read; nil if it was not
	ends  time.Time // the item's end

	ID          uuid.UUID  `json:"id"`
	Label       string     `json:"label,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	RefreshedAt time.Time  `json:"refreshed_at"`
	Family      secretHash `json:"family"`
	Current     secretHash `json:"current"`
	// Previous is the secret that Current has replaced at RefreshedAt, and Salt
	// is what it was made of besides; empty in a session that was never refreshed.
	Previous secretHash `json:"previous,omitempty"`
	Salt     []byte     `json:"salt,omitempty"`
}

// secretHash is the SHA-256 of a secret; see [KeyHash] on why that is enough.
type secretHash []byte

func hashSecret(secret []byte) secretHash {
	sum := sha256.Sum256(secret)
	return sum[:]
}

// isOf tells whether it is the hash of this secret.
func (h secretHash) isOf(secret []byte) bool {
	return len(h) > 0 && subtle.ConstantTimeCompare(h, hashSecret(secret)) == 1
}

// sessionKey is what the item of a session is found by.
func sessionKey(id uuid.UUID) ItemKey { return sha256.Sum256(id[:]) }

// newSession makes a session of the user's, and its first refresh token.
func newSession(user uuid.UUID, label string, c SessionConfig, now time.Time, random func() [32]byte) (sessionItem, refreshToken) {
	t := refreshToken{secret: random()}
	id, family := random(), random()
	t.session, _ = uuid.NewRandomFromReader(bytes.NewReader(id[:])) // which has more than enough
	copy(t.family[:], family[:])
	s := sessionItem{user: user, ID: t.session, Label: label, CreatedAt: now, Family: hashSecret(t.family[:]), Current: hashSecret(t.secret[:])}
	s.prolong(c, now)
	return s, t
}

// prolong notes that tokens are given out now.
func (s *sessionItem) prolong(c SessionConfig, now time.Time) {
	s.RefreshedAt = now
	s.ends = now.Add(c.IdleTimeout)
	if last := s.CreatedAt.Add(c.Lifetime); last.Before(s.ends) {
		s.ends = last
	}
}

// What showing a refresh token comes to.
type refreshOutcome int

const (
	rotated  refreshOutcome = iota // there is a new one
	repeated                       // here it is again
	reused                         // it was used before, by somebody else maybe
)

// refresh replaces the secret of t, whose family is the session's. The next
// secret is made of the current one and something random: who shows the
// current one again within the time of grace can be told the same, and yet what
// is kept tells nobody which it is.
func (s *sessionItem) refresh(t refreshToken, c SessionConfig, now time.Time, random func() [32]byte) (next refreshToken, o refreshOutcome) {
	switch {
	case s.Current.isOf(t.secret[:]):
		salt := random()
		s.Previous, s.Salt = s.Current, salt[:]
		next = t.next(s.Salt)
		s.Current = hashSecret(next.secret[:])
		s.prolong(c, now)
		return next, rotated
	case s.Previous.isOf(t.secret[:]) && now.Sub(s.RefreshedAt) < refreshGrace:
		return t.next(s.Salt), repeated
	}
	return next, reused
}

// public is the session as it is listed, to who calls with the current one.
func (s *sessionItem) public(current uuid.UUID) Session {
	return Session{ID: s.ID, Label: s.Label, CreatedAt: s.CreatedAt, RefreshedAt: s.RefreshedAt, ExpiresAt: s.ends, IsCurrent: s.ID == current}
}

// put is the change that keeps the session as it now is in the place of what was
// read.
func (s *sessionItem) put() ItemChange {
	value, _ := json.Marshal(s) // texts, bytes and times of four digits: cannot fail
	c := s.end()
	c.New = &Item{Kind: kindSession, Key: c.Key, User: s.user, Value: value, ExpiresAt: s.ends}
	return c
}

// end is the change that ends the session as it was read.
func (s *sessionItem) end() ItemChange {
	return ItemChange{Kind: kindSession, Key: sessionKey(s.ID), Was: s.value}
}

// sessionOf reads an item.
func sessionOf(i Item) (sessionItem, error) {
	s := sessionItem{user: i.User, value: i.Value, ends: i.ExpiresAt}
	if err := json.Unmarshal(i.Value, &s); err != nil {
		return s, fmt.Errorf("a session that is kept cannot be read: %w", err)
	}
	return s, nil
}

// refreshPrefix is what refresh tokens begin with.
const refreshPrefix = "userd_refresh_"

// refreshToken is what a session is refreshed with. Each is good once. The family
// is the same in all of one session, so that one that is old is known for such,
// and nobody who merely knows the session's id can end it by something made up.
type refreshToken struct {
	session uuid.UUID
	family  [16]byte
	secret  [32]byte
}

// String is the token as clients keep it.
func (t refreshToken) String() string {
	return secretText(refreshPrefix, append(append(t.session[:], t.family[:]...), t.secret[:]...))
}

func parseRefreshToken(text string) (t refreshToken, ok bool) {
	var b [16 + 16 + 32]byte
	if ok = parseSecret(refreshPrefix, text, b[:]); ok {
		t.session, t.family, t.secret = uuid.UUID(b[:16]), [16]byte(b[16:32]), [32]byte(b[32:])
	}
	return t, ok
}

// next is the token that takes t's place.
func (t refreshToken) next(salt []byte) refreshToken {
	mac := hmac.New(sha256.New, salt)
	mac.Write(t.secret[:])
	t.secret = [32]byte(mac.Sum(nil))
	return t
}

// parseLabel checks what a session is to be called.
func parseLabel(s string) (string, *problem) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		return "", &problem{FieldInvalid, "A label must be valid UTF-8."}
	case utf8.RuneCountInString(s) > maxLabel:
		return "", &problem{FieldTooLong, fmt.Sprintf("A label has at most %d characters.", maxLabel)}
	case strings.ContainsFunc(s, unstorable):
		return "", &problem{FieldForbiddenCharacter, "A label has no control characters or line breaks."}
	}
	return s, nil
}
