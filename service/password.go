package service

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// PasswordPolicy says which passwords are good enough, after NIST SP
// 800-63B-4, section 3.1.1: length and a list of common ones, no composition
// rules. The zero value is the default.
type PasswordPolicy struct {
	// MinLength in code points; zero means 8.
	MinLength int
	// MaxLength in code points; zero means 128.
	MaxLength int
}

func (p PasswordPolicy) withDefaults() PasswordPolicy {
	if p.MinLength == 0 {
		p.MinLength = 8
	}
	if p.MaxLength == 0 {
		p.MaxLength = 128
	}
	return p
}

// normalize brings a password into the form that is counted and hashed: NFC,
// so that the same characters typed on two systems are the same password.
func (p PasswordPolicy) normalize(password string) (string, *problem) {
	if !utf8.ValidString(password) {
		return "", &problem{FieldInvalid, "A password must be valid UTF-8."}
	}
	password = norm.NFC.String(password)
	n := utf8.RuneCountInString(password)
	switch {
	case n == 0:
		return "", &problem{FieldRequired, "A password is needed."}
	case n < p.MinLength:
		return "", &problem{FieldTooShort, "A password has at least " + strconv.Itoa(p.MinLength) + " characters."}
	case n > p.MaxLength:
		return "", &problem{FieldTooLong, "A password has at most " + strconv.Itoa(p.MaxLength) + " characters."}
	case strings.ContainsFunc(password, unicode.IsControl):
		return "", &problem{FieldForbiddenCharacter, "A password has no control characters."}
	case isCommonPassword(password):
		return "", &problem{FieldPasswordTooCommon, "This password is among the commonest ones, which are tried first; choose another."}
	}
	return password, nil
}

// personal tells whether password is nothing but u's e-mail address or name.
func personal(password string, u User) *problem {
	local, _, _ := strings.Cut(u.Email, "@")
	key := searchKey(password)
	for _, own := range []string{u.Email, local, u.FirstName, u.LastName, u.FirstName + u.LastName, u.FirstName + " " + u.LastName} {
		if key == searchKey(own) {
			return &problem{FieldPasswordIsPersonal, "A password must not be the e-mail address or the name."}
		}
	}
	return nil
}

// commonPasswords holds one password a line, lower case, in byte order.
// commonpasswords.md says where they come from.
//
//go:embed commonpasswords.txt
var commonPasswords string

// isCommonPassword looks password up, in any case, by bisecting the list where
// it lies: it needs no index, no start-up time and no further memory.
func isCommonPassword(password string) bool {
	want := strings.ToLower(password)
	lo, hi := 0, len(commonPasswords)
	for lo < hi {
		start := strings.LastIndexByte(commonPasswords[:lo+(hi-lo)/2], '\n') + 1
		start = max(start, lo)
		line, _, _ := strings.Cut(commonPasswords[start:], "\n")
		switch strings.Compare(line, want) {
		case 0:
			return true
		case -1:
			lo = start + len(line) + 1
		default:
			hi = start
		}
	}
	return false
}
