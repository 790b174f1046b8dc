package service

import (
	"crypto/subtle"
	"encoding/base64"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// What an imported scrypt hash may cost at most (RFC 7914), about a second of
// one CPU. OWASP's recommendation (N = 2^17, r = 8, p = 1) is half of it.
const (
	maxScryptMemory = 128 << 20 // bytes: 128 N r
	maxScryptWork   = 256 << 20 // bytes: 128 N r p
)

// scryptHash is a scrypt hash.
type scryptHash struct {
	n, r, p   int
	salt, key []byte
}

func (h scryptHash) matches(password string) bool {
	key, err := scrypt.Key([]byte(password), h.salt, h.n, h.r, h.p, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1
}

// parseScrypt reads "ln=15,r=8,p=1$SALT$HASH", as passlib writes it.
func parseScrypt(_, rest string) (passwordHash, *problem) {
	part := strings.Split(rest, "$")
	if len(part) != 3 {
		return nil, errUnknownHash()
	}
	params, ok := hashParams(part[0], "ln", "r", "p")
	salt, key, decoded := saltAndKey(base64.RawStdEncoding, part[1], part[2])
	if !ok || !decoded {
		return nil, errUnknownHash()
	}
	return newScryptHash(params["ln"], params["r"], params["p"], salt, key)
}

// parseDjangoScrypt reads "16384$SALT$8$5$HASH": N, the salt's text, r, p.
func parseDjangoScrypt(_, rest string) (passwordHash, *problem) {
	part := strings.Split(rest, "$")
	if len(part) != 5 {
		return nil, errUnknownHash()
	}
	n, okN := hashNumber(part[0])
	r, okR := hashNumber(part[2])
	p, okP := hashNumber(part[3])
	salt, key, decoded := djangoSaltAndKey(part[1], part[4])
	if !okN || !okR || !okP || !decoded || bits.OnesCount64(n) != 1 {
		return nil, errUnknownHash()
	}
	return newScryptHash(uint64(bits.TrailingZeros64(n)), r, p, salt, key) // #nosec G115 -- 0 to 64
}

// newScryptHash checks the cost: 2^ln, r and p.
func newScryptHash(ln, r, p uint64, salt, key []byte) (passwordHash, *problem) {
	switch {
	case ln < 1 || r < 1 || p < 1:
		return nil, errUnknownHash()
	case ln > 20 || r > maxScryptMemory>>(7+ln) || p > maxScryptWork>>(7+ln)/r:
		return nil, errHashTooCostly()
	}
	return scryptHash{1 << ln, int(r), int(p), salt, key}, nil // #nosec G115 -- bounded above
}
