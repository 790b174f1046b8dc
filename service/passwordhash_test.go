package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

// vector is a hash that another program made.
type vector struct{ origin, password, hash string }

const staple = "correct horse battery staple"

// bcrypt's 72 bytes, after which it listens no more.
var longPassword = strings.Repeat("x", 72)

func vectors() []vector {
	return []vector{
		{"node argon2 0.45.1", staple, "$argon2id$v=19$m=256,p=2,t=3$dXNlcmQgdGVzdCBzYWx0IQ$mj29fnXJwvx2i2D7hUaXgyHrWd5bYzl6HElf+AsPifU"},
		{"node argon2 0.45.1, 64 bytes", staple, "$argon2id$v=19$m=64,p=1,t=1$dXNlcmQgdGVzdCBzYWx0IQ$KmX3KBtUsZRW2xhVKyl9DJsl8ic7k3Ow5qgCUNOTzcMpl7AeR9P7hR1YGz4lkx6PMSK9IU1ZSW6vyBN2ibrkdw"},
		{"node argon2 0.45.1, argon2i", staple, "$argon2i$v=19$m=256,p=2,t=3$dXNlcmQgdGVzdCBzYWx0IQ$7NcILqd0EJ7Dnq7kzM45AmuWhSL8/3O7wkBlLhORxIU"},
		{"Django's tests/auth_tests/test_hashers.py, argon2i", "secret", "argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q"},
		{"Django's tests/auth_tests/test_hashers.py, argon2id", "secret", "argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw"},

		{"npm bcryptjs, 2b", staple, "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"},
		{"npm bcryptjs, 2y", staple, "$2y$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"},
		{"npm bcryptjs, 2a, not ASCII", "Zoë", "$2a$04$abcdefghijklmnopqrstuuzN9CPkpzOJqxQijxtga5E5UT7s2C4Zu"},
		{"npm bcryptjs, more than 72 bytes", longPassword + "tail", "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i"},
		{"npm bcryptjs in Django's form", staple, "bcrypt$$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"},
		{"npm bcryptjs of a SHA-256, in Django's form", "lètmein", "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuulyx/yrfLnuLCi6gwFG5mrkJjuQKpL6S"},

		{"passlib's documentation, scrypt", "password", "$scrypt$ln=8,r=8,p=1$WKs1xljLudd6z9kbY0wpJQ$yCR4iDZYDKv+iEJj6yHY0lv/epnfB6f/w1EbXrsJOuQ"},
		{"passlib's documentation, scrypt at its default", "password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"},
		{"Python's hashlib, scrypt", staple, "$scrypt$ln=10,r=8,p=2$dXNlcmQgdGVzdCBzYWx0IQ$D0U5vNZQFay8l0SFAyrrqyXF28KRm373CeRKVRakuEI"},
		{"Django's tests/auth_tests/test_hashers.py, scrypt", "lètmein", "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=="},

		{"hashcat's example 20400, passlib", "hashcat", "$pbkdf2$131000$r5WythYixPgfQ2jt3buXcg$8Kdr.QQEOaZIXNOrrru36I/.6Po"},
		{"hashcat's example 20300, passlib", "hashcat", "$pbkdf2-sha256$29000$x9h7j/Ge8x6DMEao1VqrdQ$kra3R1wEnY8mPdDWOpTqOTINaAmZvRMcYd8u5OBQP9A"},
		{"Authelia's documentation, passlib's form", "insecure_secret", "$pbkdf2-sha512$310000$c8p78n7pUMln0jzvd4aK4Q$JNRBzwAo0ek5qKn50cFzzvE9RXV88h1wJn5KGiHrD0YKtZaR/nCb2CJPOsKaPK0hjf.9yHxzQGZziziccp6Yng"},
		{"Python's hashlib, SHA-1", staple, "$pbkdf2-sha1$1000$dXNlcmQgdGVzdCBzYWx0IQ$i7/P5qxst38LoBMgcKUSsd4h7T8"},
		{"Python's hashlib, a PHC string without length", staple, "$pbkdf2-sha256$i=1000$dXNlcmQgdGVzdCBzYWx0IQ$nxKHnmfLhZDTbojL1J7py5QzNUWSYiVQocTPSUsiRpM"},
		{"Python's hashlib, a PHC string", staple, "$pbkdf2-sha256$i=1000,l=64$dXNlcmQgdGVzdCBzYWx0IQ$nxKHnmfLhZDTbojL1J7py5QzNUWSYiVQocTPSUsiRpPFCQ3FRp+2hHp2H8Y1C59TtiJA5kk9n4Vl/Sb7jDn7gQ"},
		{"Django's tests/auth_tests/test_hashers.py, SHA-256", "lètmein", "pbkdf2_sha256$390000$seasalt2$geC/uZ92nRXDSjSxeoiBqYyRcrLzMm8xK3ro1QS1uo8="},
		{"Django's tests/auth_tests/test_hashers.py, SHA-1", "lètmein", "pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I="},
	}
}

// cheapVectors are those that can be verified many times.
func cheapVectors() []vector {
	return slices.DeleteFunc(vectors(), func(v vector) bool {
		cost, _ := service.PasswordHashCost(v.hash)
		return cost > 1<<20
	})
}

func TestHashesOfOtherProgramsAreVerified(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.origin, func(t *testing.T) {
			t.Parallel()
			matches, p := service.ParsePasswordHash(v.hash)
			if p != nil {
				t.Fatal(p)
			}
			if !matches(v.password) {
				t.Error("the password does not match")
			}
			if matches("y" + v.password) {
				t.Error("another password matches, too")
			}
		})
	}
}

// One character more or less, or another one, and it is another hash or none.
func TestEveryCharacterOfAHashCounts(t *testing.T) {
	for _, v := range cheapVectors() {
		t.Run(v.origin, func(t *testing.T) {
			t.Parallel()
			for i := range v.hash {
				for _, changed := range []string{v.hash[:i] + v.hash[i+1:], v.hash[:i] + "~" + v.hash[i+1:], v.hash[:i] + "\n" + v.hash[i:]} {
					if matches, p := service.ParsePasswordHash(changed); p == nil && matches(v.password) {
						t.Errorf("%q matches as %q does", changed, v.hash)
					}
				}
			}
		})
	}
}

func TestHashesThatAreRefused(t *testing.T) {
	const salt, key = "dXNlcmQgdGVzdCBzYWx0IQ", "mj29fnXJwvx2i2D7hUaXgyHrWd5bYzl6HElf+AsPifU"
	argon2 := func(params string) string { return "$argon2id$v=19$" + params + "$" + salt + "$" + key }
	for name, c := range map[string]struct {
		hash string
		want service.FieldCode
	}{
		"nothing":                        {"", service.FieldInvalid},
		"a dollar":                       {"$", service.FieldInvalid},
		"a name alone":                   {"$argon2id", service.FieldInvalid},
		"a password":                     {"correct horse battery staple", service.FieldInvalid},
		"MD5":                            {"5f4dcc3b5aa765d61d8327deb882cf99", service.FieldInvalid},
		"Django's unusable password":     {"!Zb2k", service.FieldInvalid},
		"sha512-crypt":                   {"$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/", service.FieldInvalid},
		"too much text":                  {argon2("m=64,t=1,p=1" + strings.Repeat("0", 500)), service.FieldInvalid},
		"argon2d":                        {"$argon2d$v=19$m=256,p=2,t=3$" + salt + "$" + key, service.FieldInvalid},
		"argon2 1.0":                     {"$argon2i$v=16$m=256,p=1,t=3$" + salt + "$a/vuvJx0gVvNGTXPu5Yut1aPAu1hYelu39TLuzNPBoQ", service.FieldInvalid},
		"argon2 1.0 without a version":   {"argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOEXXMocVrsJAtNSsKyfg", service.FieldInvalid},
		"argon2 with a key id":           {argon2("m=64,t=1,p=1,keyid=AAAA"), service.FieldInvalid},
		"argon2 without passes":          {argon2("m=64,p=1"), service.FieldInvalid},
		"argon2 with passes twice":       {argon2("m=64,t=1,t=1,p=1"), service.FieldInvalid},
		"argon2 with no passes":          {argon2("m=64,t=0,p=1"), service.FieldInvalid},
		"argon2 with a leading zero":     {argon2("m=064,t=1,p=1"), service.FieldInvalid},
		"argon2 with a sign":             {argon2("m=+64,t=1,p=1"), service.FieldInvalid},
		"argon2 with less than 8 KiB":    {argon2("m=15,t=1,p=2"), service.FieldInvalid},
		"argon2 with a short salt":       {"$argon2id$v=19$m=64,t=1,p=1$c2FsdA$" + key, service.FieldInvalid},
		"argon2 with a long salt":        {"$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 88) + "$" + key, service.FieldInvalid},
		"argon2 with a short key":        {"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AAAAAAAAAAA", service.FieldInvalid},
		"argon2 with a long key":         {"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("A", 88), service.FieldInvalid},
		"argon2 with padding":            {argon2("m=64,t=1,p=1") + "=", service.FieldInvalid},
		"argon2 in too much memory":      {argon2("m=262145,t=1,p=1"), service.FieldOutOfRange},
		"argon2 with too much work":      {argon2("m=65536,t=17,p=1"), service.FieldOutOfRange},
		"argon2 with too many passes":    {argon2("m=8,t=2147483647,p=1"), service.FieldOutOfRange},
		"argon2 with too many lanes":     {argon2("m=2048,t=1,p=65"), service.FieldOutOfRange},
		"bcrypt 2x":                      {"$2x$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", service.FieldInvalid},
		"bcrypt that is cut short":       {"$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6C", service.FieldInvalid},
		"bcrypt with a strange digit":    {"$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6C=", service.FieldInvalid},
		"bcrypt at too little cost":      {"$2b$03$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", service.FieldInvalid},
		"bcrypt at too much cost":        {"$2b$15$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", service.FieldOutOfRange},
		"Django's bcrypt of nothing":     {"bcrypt_sha256$abc", service.FieldInvalid},
		"Django's bcrypt too costly":     {"bcrypt_sha256$$2b$15$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG", service.FieldOutOfRange},
		"scrypt without salt":            {"$scrypt$ln=10,r=8,p=1$" + key, service.FieldInvalid},
		"scrypt without r":               {"$scrypt$ln=10,p=1$" + salt + "$" + key, service.FieldInvalid},
		"scrypt with no lanes":           {"$scrypt$ln=10,r=8,p=0$" + salt + "$" + key, service.FieldInvalid},
		"scrypt in too much memory":      {"$scrypt$ln=18,r=8,p=1$" + salt + "$" + key, service.FieldOutOfRange},
		"scrypt with N for ln":           {"$scrypt$ln=16384,r=8,p=1$" + salt + "$" + key, service.FieldOutOfRange},
		"scrypt with too much work":      {"$scrypt$ln=14,r=8,p=17$" + salt + "$" + key, service.FieldOutOfRange},
		"Django's scrypt cut short":      {"scrypt$16384$seasalt$8$1", service.FieldInvalid},
		"Django's scrypt of another N":   {"scrypt$16383$seasalt$8$1$" + key + "=", service.FieldInvalid},
		"PBKDF2 without salt":            {"$pbkdf2-sha256$29000$" + key, service.FieldInvalid},
		"PBKDF2 with another digest":     {"$pbkdf2-md5$29000$" + salt + "$" + key, service.FieldInvalid},
		"PBKDF2 with no rounds":          {"$pbkdf2-sha256$0$" + salt + "$" + key, service.FieldInvalid},
		"PBKDF2 with another length":     {"$pbkdf2-sha256$i=1000,l=64$" + salt + "$" + key, service.FieldInvalid},
		"PBKDF2 with too many rounds":    {"$pbkdf2-sha256$2000001$" + salt + "$" + key, service.FieldOutOfRange},
		"PBKDF2 with too many for two":   {"$pbkdf2$1000001$" + salt + "$" + key, service.FieldOutOfRange},
		"PBKDF2 with very many rounds":   {"$pbkdf2-sha256$99999999999$" + salt + "$" + key, service.FieldInvalid},
		"Django's PBKDF2 without salt":   {"pbkdf2_sha256$1000$" + key + "=", service.FieldInvalid},
		"Django's PBKDF2 unpadded":       {"pbkdf2_sha256$1000$seasalt$" + key, service.FieldInvalid},
		"Django's PBKDF2 of more rounds": {"pbkdf2_sha256$2000001$seasalt$" + key + "=", service.FieldOutOfRange},
	} {
		t.Run(name, func(t *testing.T) {
			if _, p := service.ParsePasswordHash(c.hash); p.Code() != c.want {
				t.Errorf("%q is %q, want %q", c.hash, p.Code(), c.want)
			}
		})
	}
}

// Whatever an import brings, reading it is harmless and it costs no more than
// is allowed.
func FuzzParsePasswordHash(f *testing.F) {
	for _, v := range vectors() {
		f.Add(v.hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		cost, ok := service.PasswordHashCost(hash)
		if ok && cost > 1<<30 {
			t.Errorf("%q costs %d", hash, cost)
		}
	})
}
