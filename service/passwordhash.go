package service

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// passwordHash is a hash of a password, in one of the schemes that are known.
type passwordHash interface {
	// matches computes the hash of password, at the cost that the hash says, and
	// tells whether it is this one.
	matches(password string) bool
}

// Lengths of what a hash consists of, in bytes. A key shorter than 16 bytes
// could be hit by chance.
const (
	maxHashText = 512
	maxHashSalt = 64
	minHashKey  = 16
	maxHashKey  = 64
)

// hashScheme reads what stands behind a scheme's name and the $ after it.
type hashScheme func(name, rest string) (passwordHash, *problem)

// hashSchemes are the schemes by the names that hashes begin with: with a $
// before it in PHC and modular crypt form, without one in Django's.
var hashSchemes = map[string]hashScheme{
	"$argon2id":      parseArgon2,
	"$argon2i":       parseArgon2,
	"$2a":            parseBcrypt,
	"$2b":            parseBcrypt,
	"$2y":            parseBcrypt,
	"$scrypt":        parseScrypt,
	"$pbkdf2":        parsePBKDF2,
	"$pbkdf2-sha1":   parsePBKDF2,
	"$pbkdf2-sha256": parsePBKDF2,
	"$pbkdf2-sha512": parsePBKDF2,
	"pbkdf2_sha1":    parseDjangoPBKDF2,
	"pbkdf2_sha256":  parseDjangoPBKDF2,
	"scrypt":         parseDjangoScrypt,
	"bcrypt_sha256":  parseDjangoBcrypt,
}

// djangoPrefixes stand in Django's hashes before what is a hash by itself.
var djangoPrefixes = []string{"argon2$argon2", "bcrypt$$2"}

// parsePasswordHash reads a hash of any scheme that is known. It refuses one
// that would cost more to verify than a login should.
func parsePasswordHash(text string) (passwordHash, *problem) {
	if len(text) > maxHashText {
		return nil, errUnknownHash()
	}
	for _, prefix := range djangoPrefixes {
		if strings.HasPrefix(text, prefix) {
			_, text, _ = strings.Cut(text, "$")
			text = "$" + strings.TrimPrefix(text, "$")
		}
	}
	lead := len(text) - len(strings.TrimPrefix(text, "$"))
	name, rest, _ := strings.Cut(text[lead:], "$")
	if parse := hashSchemes[text[:lead]+name]; parse != nil {
		return parse(name, rest)
	}
	return nil, errUnknownHash()
}

func errUnknownHash() *problem {
	return &problem{FieldInvalid, "A password hash is an argon2id, argon2i, bcrypt, scrypt or PBKDF2 hash in PHC, modular crypt or Django's form."}
}

func errHashTooCostly() *problem {
	return &problem{FieldOutOfRange, "This password hash costs too much memory or time to verify."}
}

// hashParams reads "m=19456,t=2,p=1": exactly these names, in any order
// (node's argon2 writes another one than the reference), each with a number.
func hashParams(text string, names ...string) (map[string]uint64, bool) {
	params := make(map[string]uint64, len(names))
	for param := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(param, "=")
		n, ok := hashNumber(value)
		if _, double := params[name]; !ok || double {
			return nil, false
		}
		params[name] = n
	}
	for _, name := range names {
		if _, ok := params[name]; !ok {
			return nil, false
		}
	}
	return params, len(params) == len(names)
}

// hashNumber reads a number as hashes have it: no sign, no leading zero, and
// small enough that products of two do not overflow.
func hashNumber(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return n, err == nil && strconv.FormatUint(n, 10) == s
}

// saltAndKey decodes the last two parts of most hashes.
func saltAndKey(enc *base64.Encoding, salt, key string) (s, k []byte, ok bool) {
	s, saltErr := enc.Strict().DecodeString(salt)
	k, keyErr := enc.Strict().DecodeString(key)
	ok = saltErr == nil && keyErr == nil && !strings.ContainsAny(salt+key, "\r\n") // which decoders pass over
	return s, k, ok && 0 < len(s) && len(s) <= maxHashSalt && isHashKey(k)
}

func isHashKey(key []byte) bool { return minHashKey <= len(key) && len(key) <= maxHashKey }
