package service

import (
	"crypto/sha256"
	"crypto/subtle"
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

// keyPrefix is what keys begin with.
const keyPrefix = "userd_"

// NewKeyText makes a key.
func NewKeyText() string { return KeyText(randomBits()) }

// KeyText is the key that these bits make: "userd_", 43 digits of base 62 (0-9,
// a-z, A-Z), and 6 more for the CRC-32 (IEEE) of what stands before them.
func KeyText(random [32]byte) string { return secretText(keyPrefix, random[:]) }
