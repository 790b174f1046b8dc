package service

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Costs of bcrypt, powers of two; 14 takes about a second.
const (
	minBcryptCost = uint64(bcrypt.MinCost)
	maxBcryptCost = 14
)

// bcryptLength is that of a hash: "$2b$10$", 22 characters of salt, 31 of hash.
const bcryptLength = 60

// bcryptHash is a bcrypt hash. Of a password it takes the first 72 bytes, as
// whoever made it did.
type bcryptHash string

func (h bcryptHash) matches(password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(h), []byte(password)) == nil
}

// bcryptSHA256Hash is Django's bcrypt_sha256: bcrypt of the password's SHA-256
// in hexadecimal, which is never too long.
type bcryptSHA256Hash struct{ bcrypt passwordHash }

func (h bcryptSHA256Hash) matches(password string) bool {
	sum := sha256.Sum256([]byte(password))
	return h.bcrypt.matches(hex.EncodeToString(sum[:]))
}

// bcryptVersions are one algorithm under three names. 2x marks hashes that a
// defect made.
var bcryptVersions = []string{"2a", "2b", "2y"}

// parseBcrypt reads "10$SALTANDHASH".
func parseBcrypt(version, rest string) (passwordHash, *problem) {
	text := "$" + version + "$" + rest
	cost, body, _ := strings.Cut(rest, "$")
	n, ok := hashNumber(strings.TrimPrefix(cost, "0"))
	switch {
	case len(text) != bcryptLength, len(cost) != 2, !ok, n < minBcryptCost, strings.ContainsFunc(body, notBcrypt64):
		return nil, errUnknownHash()
	case n > maxBcryptCost:
		return nil, errHashTooCostly()
	}
	return bcryptHash(text), nil
}

// notBcrypt64 reports what bcrypt's own base64 does not have.
func notBcrypt64(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '.' <= r && r <= '9') // ./0123456789
}

// parseDjangoBcrypt reads what stands behind "bcrypt_sha256$": a bcrypt hash.
func parseDjangoBcrypt(_, rest string) (passwordHash, *problem) {
	hash, marked := strings.CutPrefix(rest, "$")
	version, rest, _ := strings.Cut(hash, "$")
	if !marked || !slices.Contains(bcryptVersions, version) {
		return nil, errUnknownHash()
	}
	h, p := parseBcrypt(version, rest)
	if p != nil {
		return nil, p
	}
	return bcryptSHA256Hash{h}, nil
}
