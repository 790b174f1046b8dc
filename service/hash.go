package service

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

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
