package service

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
)

// Limits of an e-mail address in bytes (RFC 5321, section 4.5.3.1, with the
// erratum that makes the path's 256 an address's 254).
const (
	maxEmailBytes = 254
	maxLocalBytes = 64
)

// parseEmail checks one e-mail address and returns it trimmed, with the key
// that makes it unique.
//
// The form is RFC 5322's dot-atom "@" domain with RFC 6531's Unicode: no
// display name, comment, quoted local part or address literal, which no user
// types and many programs read differently.
func parseEmail(s string) (Text, *problem) {
	s = strings.TrimSpace(s)
	if p := checkEmailText(s); p != nil {
		return Text{}, p
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return Text{}, &problem{FieldInvalid, "An e-mail address has an @ between name and domain."}
	}
	local, p := localKey(s[:at])
	if p != nil {
		return Text{}, p
	}
	domain, p := domainKey(s[at+1:])
	if p != nil {
		return Text{}, p
	}
	return Text{Value: s, Key: local + "@" + domain}, nil
}

// checkEmailText refuses what may not stand anywhere in an address, before
// any mapping could make it vanish.
func checkEmailText(s string) *problem {
	switch {
	case s == "":
		return &problem{FieldRequired, "An e-mail address is needed."}
	case len(s) > maxEmailBytes:
		return &problem{FieldTooLong, "An e-mail address has at most 254 bytes."}
	case !utf8.ValidString(s):
		return &problem{FieldInvalid, "An e-mail address must be valid UTF-8."}
	case strings.ContainsFunc(s, invisible):
		return &problem{FieldForbiddenCharacter, "An e-mail address has no spaces, control or invisible characters inside."}
	}
	return nil
}

// invisible reports control, format, space, private-use and unassigned
// characters, and letters that show nothing.
func invisible(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.IsSpace(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// localKey checks the part before the @ and returns its key: RFC 8265's
// UsernameCaseMapped, which maps case and width, normalises to NFC, and
// refuses characters that merely look like others (K for k, ﬁ for fi).
func localKey(local string) (string, *problem) {
	if len(local) > maxLocalBytes {
		return "", &problem{FieldTooLong, "The part before the @ has at most 64 bytes."}
	}
	key, err := precis.UsernameCaseMapped.String(local)
	if err != nil || !isDotAtom(key) {
		return "", &problem{FieldInvalid, "The part before the @ takes letters, digits, !#$%&'*+-/=?^_`{|}~, and single dots between them."}
	}
	return key, nil
}

// isDotAtom tells whether s is an RFC 5322 dot-atom, with RFC 6531's
// non-ASCII letters.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	switch {
	case r >= utf8.RuneSelf, 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// domainProfile is idna.Lookup (UTS 46) with the lengths of DNS names enforced.
var domainProfile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true),
	idna.VerifyDNSLength(true), idna.Transitional(false))

// domainKey checks the part after the @ and returns its key: the domain in
// Unicode, lower case. Unicode and not the ASCII form, so that the prefix
// search finds what people type.
func domainKey(domain string) (string, *problem) {
	key, ok := lookupDomain(domain)
	if !ok {
		return "", &problem{FieldInvalid, "The part after the @ must be a domain name with a dot, such as example.com."}
	}
	return key, nil
}

func lookupDomain(domain string) (key string, ok bool) {
	ascii, err := domainProfile.ToASCII(domain)
	if err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 0 || strings.Trim(ascii[dot+1:], "0123456789") == "" {
		return "", false // one label, a trailing dot, or what resolvers take for an IPv4 address
	}
	key, err = domainProfile.ToUnicode(ascii)
	return key, err == nil
}
