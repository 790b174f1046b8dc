package service

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// maxNameRunes bounds each name, in code points.
const maxNameRunes = 100

// parseName checks a first or last name and returns it trimmed, with its key.
func parseName(s string) (Text, *problem) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		return Text{}, &problem{FieldInvalid, "A name must be valid UTF-8."}
	case utf8.RuneCountInString(s) > maxNameRunes:
		return Text{}, &problem{FieldTooLong, "A name has at most 100 characters."}
	case strings.ContainsFunc(s, unstorable):
		return Text{}, &problem{FieldForbiddenCharacter, "A name has no control characters or line breaks."}
	case !strings.ContainsFunc(s, visible):
		return Text{}, &problem{FieldRequired, "A name is needed: 1 to 100 characters."}
	}
	return Text{Value: s, Key: searchKey(s)}, nil
}

// visible reports a character that shows something by itself, which a
// combining mark does not.
func visible(r rune) bool { return !invisible(r) && !unicode.IsMark(r) }

// searchKey is what names are ordered by and prefixes are compared with: width
// and case mapped, in NFC. It is the mapping that the local part of an e-mail
// address gets, so that one prefix can be looked up in all keys.
func searchKey(s string) string {
	if key, ok := asciiLower(s); ok {
		return key
	}
	lower := cases.Lower(language.Und, cases.HandleFinalSigma(false))
	return norm.NFC.String(lower.String(width.Fold.String(s)))
}

// asciiLower is searchKey for the common case, without the tables.
func asciiLower(s string) (string, bool) {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return "", false
		}
	}
	return strings.ToLower(s), true
}
