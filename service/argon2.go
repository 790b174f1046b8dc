package service

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2Params are argon2id's cost parameters (RFC 9106). The zero value is
// OWASP's recommendation: 19 MiB, 2 passes, 1 lane.
type Argon2Params struct {
	// Memory in KiB; zero means 19456.
	Memory uint32
	// Passes over the memory; zero means 2.
	Passes uint32
	// Lanes computed in parallel; zero means 1.
	Lanes uint8
}

const (
	saltBytes = 16 // RFC 9106, section 3.1: recommended for password hashing
	hashBytes = 32
)

func (p Argon2Params) withDefaults() Argon2Params {
	if p.Memory == 0 {
		p.Memory = 19 * 1024
	}
	if p.Passes == 0 {
		p.Passes = 2
	}
	if p.Lanes == 0 {
		p.Lanes = 1
	}
	return p
}

// hash returns password's hash under a new salt as a PHC string, which names
// algorithm and parameters, so that they can change without losing users.
func (p Argon2Params) hash(password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: crypto/rand ends the process instead
	key := argon2.IDKey([]byte(password), salt, p.Passes, p.Memory, p.Lanes, hashBytes)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.Memory, p.Passes, p.Lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// What an imported argon2 hash may cost at most, about a second of one CPU.
// RFC 9106's second recommendation (64 MiB, 3 passes) and the defaults of
// Django, Keycloak, Kratos and node's argon2 lie well within.
const (
	maxArgon2Memory = 256 * 1024     // KiB
	maxArgon2Work   = 4 * 256 * 1024 // KiB times passes
	maxArgon2Lanes  = 64
)

// argon2Hash is an argon2id or argon2i hash of version 1.3 (RFC 9106). The
// older 1.0 and argon2d, which leaks by its timing, are not computed.
type argon2Hash struct {
	derive    func(password, salt []byte, passes, memory uint32, lanes uint8, keyLen uint32) []byte
	isID      bool
	params    Argon2Params
	salt, key []byte
}

// dummy is a hash of no password that costs as much as every new one.
func (p Argon2Params) dummy() argon2Hash {
	return argon2Hash{argon2.IDKey, true, p, make([]byte, saltBytes), make([]byte, hashBytes)}
}

func (h argon2Hash) matches(password string) bool {
	p := h.params
	key := h.derive([]byte(password), h.salt, p.Passes, p.Memory, p.Lanes, uint32(len(h.key))) // #nosec G115 -- a length, bounded when it was parsed
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

// isAsGoodAs tells whether h is no weaker than a new hash would be. Lanes do
// not count: they share out the work and change none of it.
func (h argon2Hash) isAsGoodAs(p Argon2Params) bool {
	return h.isID && h.params.Memory >= p.Memory && h.params.Passes >= p.Passes &&
		len(h.salt) >= saltBytes && len(h.key) >= hashBytes
}

// parseArgon2 reads "v=19$m=19456,t=2,p=1$SALT$HASH", as PHC strings and
// RFC 9106's reference implementation have it behind the name.
func parseArgon2(name, rest string) (passwordHash, *problem) {
	part := strings.Split(rest, "$")
	if len(part) != 4 || part[0] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, errUnknownHash()
	}
	params, ok := hashParams(part[1], "m", "t", "p")
	salt, key, decoded := saltAndKey(base64.RawStdEncoding, part[2], part[3])
	m, t, p := params["m"], params["t"], params["p"]
	switch {
	case !ok || !decoded || t < 1 || p < 1 || m < 8*p || len(salt) < 8:
		return nil, errUnknownHash()
	case m > maxArgon2Memory || t > maxArgon2Work || m*t > maxArgon2Work || p > maxArgon2Lanes:
		return nil, errHashTooCostly()
	}
	h := argon2Hash{argon2.Key, false, Argon2Params{uint32(m), uint32(t), uint8(p)}, salt, key}
	if name == "argon2id" {
		h.derive, h.isID = argon2.IDKey, true
	}
	return h, nil
}
