package service

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
)

// The external tests, which may use the stores, reach the rules by these.
var (
	ParseEmail       = parseEmail
	ParseName        = parseName
	ParsePrefix      = parsePrefix
	SearchKey        = searchKey
	LocalKey         = localKey
	EncodeCursor     = encodeCursor
	DecodeCursor     = decodeCursor
	IsCommonPassword = isCommonPassword
	IsPattern        = isPattern
	CommonPasswords  = commonPasswords
)

// NormalizePassword is what the default policy makes of a password.
func NormalizePassword(password string) (string, *Problem) {
	return PasswordPolicy{}.withDefaults().normalize(password)
}

// Problem is what the rules return about a wrong value.
type Problem = problem

// Code returns the kind of mistake.
func (p *problem) Code() FieldCode {
	if p == nil {
		return ""
	}
	return p.code
}

// OccupyHashing takes one of the places where passwords are hashed, until
// leave is called.
func (s *Service) OccupyHashing(t *testing.T) (leave func()) {
	t.Helper()
	if err := s.gate.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.gate.leave
}

// MaxSpenders is how many actors a limiter knows at most.
const MaxSpenders = maxSpenders

// Spenders is how many actors the limiters know.
func (s *Service) Spenders() (readers, writers int) {
	return len(s.rates[reads].full), len(s.rates[writes].full)
}

// ParsePasswordHash returns what tells whether a password is that of the hash.
func ParsePasswordHash(text string) (matches func(password string) bool, p *Problem) {
	h, p := parsePasswordHash(text)
	if p != nil {
		return nil, p
	}
	return h.matches, nil
}

// PasswordHashCost returns about how many bytes of memory are gone through, or
// hashed, to verify a password, if it is a hash.
func PasswordHashCost(text string) (bytes uint64, ok bool) {
	h, p := parsePasswordHash(text)
	if wrapped, is := h.(bcryptSHA256Hash); is {
		h = wrapped.bcrypt
	}
	switch h := h.(type) {
	case argon2Hash:
		return uint64(h.params.Memory) * 1024 * uint64(h.params.Passes), p == nil
	case scryptHash:
		return 128 * uint64(h.n) * uint64(h.r) * uint64(h.p), p == nil
	case pbkdf2Hash:
		return 128 * uint64(h.rounds) * uint64(len(h.key)/16), p == nil
	case bcryptHash:
		cost, _ := bcrypt.Cost([]byte(h))
		return 1 << (cost + 12), p == nil
	}
	return 0, false
}

// HashPrefixes are how hashes of all forms begin.
func HashPrefixes() []string {
	prefixes := []string{"argon2$argon2id$", "bcrypt$$2b$"}
	for prefix := range hashSchemes {
		prefixes = append(prefixes, prefix+"$")
	}
	return prefixes
}

// The texts of secrets.
var (
	SecretText  = secretText
	ParseSecret = parseSecret
)

// Checked is a text with its checksum.
func Checked(text string) string { return text + checksum(text) }

// SortBySessionKey sorts sessions as stores do.
func SortBySessionKey(ids []uuid.UUID) {
	slices.SortFunc(ids, func(a, b uuid.UUID) int {
		x, y := sessionKey(a), sessionKey(b)
		return bytes.Compare(x[:], y[:])
	})
}

// AddSession adds a session of u's as one of many that come at once does.
func AddSession(t *testing.T, s *Service, u User) {
	t.Helper()
	session, _ := newSession(u.ID, "", s.sessions, s.timestamp(), s.random)
	if err := s.store.ChangeItems(t.Context(), s.timestamp(), []ItemChange{session.put()}); err != nil {
		t.Fatal(err)
	}
}

// SigningKey is the private key that signs now.
func SigningKey(t *testing.T, s *Service) ed25519.PrivateKey {
	t.Helper()
	k, _, err := s.signing.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return k.private
}
