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
// 800-63B-4, section 3.1.1: length, and none of the common ones; no composition
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
	case strings.ContainsFunc(password, garbled):
		return "", &problem{FieldForbiddenCharacter, "A password has no control or replacement characters."}
	case isCommonPassword(password), isPattern(password):
		return "", &problem{FieldPasswordTooCommon, "This password is among the commonest ones, which are tried first; choose another."}
	}
	return password, nil
}

// garbled reports control characters, which no keyboard types, and U+FFFD,
// which decoders put in place of what they could not read: it would make
// different passwords the same.
func garbled(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

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

// Limits of what isPattern knows, in characters: of a block that is repeated,
// and of the whole, as nobody tries the long ones first.
const (
	maxPeriod  = 4
	maxPattern = 32
)

// isPattern tells whether every character of password follows from the one
// some places before it: repetitions (aaaaaaaa, 12341234), sequences (87654321,
// abcdefgh) and both together (1a2b3c4d). Lists of common passwords leave them
// out where their authors' programs recognise them, as this one does.
func isPattern(password string) bool {
	runes := []rune(strings.ToLower(password))
	if len(runes) > maxPattern {
		return false
	}
	for period := 1; period <= min(maxPeriod, len(runes)/2); period++ {
		if followsEvery(period, runes) {
			return true
		}
	}
	return false
}

// followsEvery tells whether all characters are the same, or all the next, or
// all the previous one of the character period places before them.
func followsEvery(period int, runes []rune) bool {
	first := step(runes[0], runes[period])
	for i := period; i < len(runes); i++ {
		if step(runes[i-period], runes[i]) != first {
			return false
		}
	}
	return -1 <= first && first <= 1
}

// step is the distance from a to b; 0 is next to 9 as on keyboards.
func step(a, b rune) rune {
	d := b - a
	if unicode.IsDigit(a) && unicode.IsDigit(b) && (d == 9 || d == -9) {
		return -d / 9
	}
	return d
}
