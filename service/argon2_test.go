package service_test

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/userd/userd/service"
)

// verify computes the hash of password anew, by nothing but what the PHC
// string says, as any other program with these users would.
func verify(t *testing.T, phc, password string) bool {
	t.Helper()
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		t.Fatalf("%q is no PHC string of argon2id", phc)
	}
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		t.Fatalf("the parameters of %q: %v", phc, err)
	}
	salt, key := decodeB64(t, parts[4]), decodeB64(t, parts[5])
	if len(salt) != 16 || len(key) != 32 {
		t.Fatalf("the salt has %d bytes and the hash %d, want 16 and 32", len(salt), len(key))
	}
	return subtle.ConstantTimeCompare(key, argon2.IDKey([]byte(password), salt, passes, memory, lanes, 32)) == 1
}

func decodeB64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPasswordIsHashed(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	hash := w.passwordHash(t, u.ID)
	if !verify(t, hash, goodPassword) {
		t.Errorf("the hash %q is not that of the password", hash)
	}
	if verify(t, hash, goodPassword+"x") {
		t.Errorf("the hash %q is that of another password", hash)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("the hash %q does not have the configured cost", hash)
	}
}

func TestSamePasswordHasAnotherHash(t *testing.T) {
	w := newWorld(t)
	a, b := w.create(t, "a@example.com"), w.create(t, "b@example.com")
	if w.passwordHash(t, a.ID) == w.passwordHash(t, b.ID) {
		t.Error("two users with one password have one hash: there is no salt")
	}
}

// OWASP's recommendation, which the documentation promises.
func TestDefaultCostOfHashing(t *testing.T) {
	w := newWorldWith(t, service.Config{})
	u := w.create(t, "ada@example.com")
	hash := w.passwordHash(t, u.ID)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || !verify(t, hash, goodPassword) {
		t.Errorf("the hash is %q", hash)
	}
}

func TestPasswordIsNormalisedBeforeHashing(t *testing.T) {
	w := newWorld(t)
	in := newUser("zoe@example.com")
	in.Password = service.Some("Zoe\u0308-Mu\u0308ller-1")
	u, err := w.CreateUser(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !verify(t, w.passwordHash(t, u.ID), "Zo\u00eb-M\u00fcller-1") {
		t.Error("the same password, composed, has another hash")
	}
}
