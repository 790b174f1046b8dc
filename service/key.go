package service

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"hash/crc32"
	"math/big"
	"strings"
	"time"
)

// Key is an API key as it is kept and listed: without the key itself.
type Key struct {
	// Name tells the key from others, and is what the change log says: 1 to 64
	// lower-case letters, digits, dots, hyphens and underscores.
	Name string
	// Scopes are what the key allows, at least one.
	Scopes []Scope
	// Hash is what a key that is shown is recognised by.
	Hash KeyHash
	// CreatedAt is when the key was made: UTC, in whole microseconds, as are the
	// other times.
	CreatedAt time.Time
	// LastUsedAt is when the key was last used, to the minute; zero if it never was.
	LastUsedAt time.Time
	// RevokedAt is when the key lost its worth; zero if it has not.
	RevokedAt time.Time
}

// KeyHash is the SHA-256 of a key. A slow hash with a salt, as passwords need
// it, would be of no use: nobody can guess 256 random bits, and every request
// would have to pay for it.
type KeyHash [sha256.Size]byte

// HashKey is what a key is recognised by.
func HashKey(key string) KeyHash { return sha256.Sum256([]byte(key)) }

// Equal compares in a time that tells nothing about either.
func (h KeyHash) Equal(other KeyHash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// The parts of a key: a name by which scanners for leaked secrets find it, 256
// random bits, and a checksum by which they tell it from what looks like it.
const (
	keyPrefix   = "userd_"
	keyDigits   = 43 // of base 62 for 256 bits
	checkDigits = 6  // for the 32 bits of the checksum
)

// NewKeyText makes a key.
func NewKeyText() string {
	var random [32]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	return KeyText(random)
}

// KeyText is the key that these bits make: "userd_", 43 digits of base 62 (0-9,
// a-z, A-Z), and 6 more for the CRC-32 (IEEE) of what stands before them.
func KeyText(random [32]byte) string {
	text := keyPrefix + base62(new(big.Int).SetBytes(random[:]), keyDigits)
	return text + base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), checkDigits)
}

func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}
