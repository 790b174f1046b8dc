package service

import (
	"crypto/pbkdf2"
	"crypto/sha1" // #nosec G505 -- what others have hashed with; replaced at the next right password
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strings"
)

// maxPBKDF2Work is how many times an imported PBKDF2 hash may run its hash
// function (RFC 8018). OWASP recommends 600000 iterations with SHA-256,
// Django's default grows by a fifth a year.
const maxPBKDF2Work = 2_000_000

// pbkdf2Hash is a PBKDF2-HMAC hash.
type pbkdf2Hash struct {
	digest    func() hash.Hash
	rounds    int
	salt, key []byte
}

func (h pbkdf2Hash) matches(password string) bool {
	key, err := pbkdf2.Key(h.digest, password, h.salt, h.rounds, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1
}

// pbkdf2Digests are the hash functions by the end of a scheme's name.
var pbkdf2Digests = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// parsePBKDF2 reads "29000$SALT$HASH" as passlib writes it, whose base64 has .
// for +, and "i=29000,l=32$SALT$HASH" as PHC strings have it. Without a digest
// in its name it is SHA-1.
func parsePBKDF2(name, rest string) (passwordHash, *problem) {
	part := strings.Split(rest, "$")
	if len(part) != 3 {
		return nil, errUnknownHash()
	}
	plain := strings.NewReplacer(".", "+")
	salt, key, decoded := saltAndKey(base64.RawStdEncoding, plain.Replace(part[1]), plain.Replace(part[2]))
	rounds, ok := pbkdf2Rounds(part[0], len(key))
	if !ok || !decoded {
		return nil, errUnknownHash()
	}
	return newPBKDF2Hash(strings.TrimPrefix(strings.TrimPrefix(name, "pbkdf2"), "-"), rounds, salt, key)
}

// pbkdf2Rounds reads the number of iterations: by itself, or as i, then maybe
// with the key's length.
func pbkdf2Rounds(text string, keyLen int) (uint64, bool) {
	if n, ok := hashNumber(text); ok {
		return n, true
	}
	if params, ok := hashParams(text, "i"); ok {
		return params["i"], true
	}
	params, ok := hashParams(text, "i", "l")
	return params["i"], ok && params["l"] == uint64(keyLen) // #nosec G115 -- a length
}

// parseDjangoPBKDF2 reads "600000$SALT$HASH": the salt is its own text.
func parseDjangoPBKDF2(name, rest string) (passwordHash, *problem) {
	part := strings.Split(rest, "$")
	if len(part) != 3 {
		return nil, errUnknownHash()
	}
	rounds, ok := hashNumber(part[0])
	salt, key, decoded := djangoSaltAndKey(part[1], part[2])
	if !ok || !decoded {
		return nil, errUnknownHash()
	}
	return newPBKDF2Hash(strings.TrimPrefix(name, "pbkdf2_"), rounds, salt, key)
}

// djangoSaltAndKey reads a salt that is its own text, and a key in base64.
func djangoSaltAndKey(salt, key string) (s, k []byte, ok bool) {
	k, err := base64.StdEncoding.Strict().DecodeString(key)
	ok = err == nil && !strings.ContainsAny(key, "\r\n") && 0 < len(salt) && len(salt) <= maxHashSalt
	return []byte(salt), k, ok && isHashKey(k)
}

func newPBKDF2Hash(digest string, rounds uint64, salt, key []byte) (passwordHash, *problem) {
	newDigest := pbkdf2Digests[digest]
	if newDigest == nil {
		newDigest = sha1.New
	}
	blocks := uint64((len(key)-1)/newDigest().Size() + 1) // #nosec G115 -- a length; each of which takes all the rounds
	switch {
	case rounds < 1:
		return nil, errUnknownHash()
	case rounds*blocks > maxPBKDF2Work:
		return nil, errHashTooCostly()
	}
	return pbkdf2Hash{newDigest, int(rounds), salt, key}, nil // #nosec G115 -- bounded above
}
