package service

import (
	"context"
	"strings"
)

// NoPassword is the scheme of users who have no password.
const NoPassword = "none"

// schemeNames are the names of schemes by what [HashScheme] says of their hashes.
var schemeNames = map[string]string{
	"":               NoPassword,
	"$argon2id":      "argon2id",
	"$argon2i":       "argon2i",
	"argon2":         "argon2", // Django's, of either kind
	"$2a":            "bcrypt",
	"$2b":            "bcrypt",
	"$2y":            "bcrypt",
	"bcrypt":         "bcrypt",
	"bcrypt_sha256":  "bcrypt",
	"$scrypt":        "scrypt",
	"scrypt":         "scrypt",
	"$pbkdf2":        "pbkdf2",
	"$pbkdf2-sha1":   "pbkdf2",
	"$pbkdf2-sha256": "pbkdf2",
	"$pbkdf2-sha512": "pbkdf2",
	"pbkdf2_sha1":    "pbkdf2",
	"pbkdf2_sha256":  "pbkdf2",
}

// HashScheme is what stands in a password hash before its first dollar sign but
// one at the start: it tells the scheme.
func HashScheme(hash string) string {
	rest := strings.TrimPrefix(hash, "$")
	scheme, _, _ := strings.Cut(rest, "$")
	return hash[:len(hash)-len(rest)] + scheme
}

// PasswordSchemes counts the users by the scheme of their password hashes, for
// metrics: "argon2id" is what new ones have, [NoPassword] stands for none. It reads
// all users, and may return *[UnavailableError].
func (s *Service) PasswordSchemes(ctx context.Context) (map[string]int, error) {
	found, err := s.store.HashSchemes(ctx)
	if err != nil {
		return nil, err
	}
	schemes := make(map[string]int)
	for scheme, users := range found {
		schemes[schemeNames[scheme]] += users
	}
	return schemes, nil
}
