package service

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// Limits of an e-mail address in bytes (RFC 5321, section 4.5.3.1, with the
// erratum that makes the path's 256 an address's 254). They hold for the
// address as typed and for its key, so that the key is itself an address.
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
	name, host, found := strings.Cut(s, "@")
	if !found {
		return Text{}, &problem{FieldInvalid, "An e-mail address has an @ between name and domain."}
	}
	local, p := localKey(name)
	if p != nil {
		return Text{}, p
	}
	domain, p := domainKey(host)
	if p != nil {
		return Text{}, p
	}
	key := local + "@" + domain
	if len(key) > maxEmailBytes {
		return Text{}, errEmailTooLong()
	}
	return Text{Value: s, Key: key}, nil
}

func errEmailTooLong() *problem {
	return &problem{FieldTooLong, "An e-mail address has at most 254 bytes."}
}

// checkEmailText refuses what may not stand anywhere in an address, before
// any mapping could make it vanish.
func checkEmailText(s string) *problem {
	switch {
	case s == "":
		return &problem{FieldRequired, "An e-mail address is needed."}
	case len(s) > maxEmailBytes:
		return errEmailTooLong()
	case !utf8.ValidString(s):
		return &problem{FieldInvalid, "An e-mail address must be valid UTF-8."}
	case strings.ContainsFunc(s, invisible):
		return &problem{FieldForbiddenCharacter, "An e-mail address has no spaces, control or invisible characters inside."}
	}
	return nil
}

// invisible reports control, format, space, private-use and unassigned
// characters, and those of other kinds that show nothing.
func invisible(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == '\u2800' || // an empty braille pattern
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// localProfile is RFC 8265's UsernameCaseMapped but for its rule about
// right-to-left text, which x/text applies to all text: it maps case and
// width, normalises to NFC, and refuses what merely looks like another
// character (ſ for s, ﬁ for fi).
var localProfile = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

// asciiTwins are the characters that NFC itself turns into ASCII ones: the
// Kelvin sign and the Greek varia. The profile sees only the result.
const asciiTwins = "\u212a\u1fef"

// localKey checks the part before the @ and returns its key.
func localKey(local string) (string, *problem) {
	key, err := localProfile.String(local)
	switch {
	case max(len(local), len(key)) > maxLocalBytes:
		return "", &problem{FieldTooLong, "The part before the @ has at most 64 bytes."}
	case err != nil, strings.ContainsAny(local, asciiTwins), !isDotAtom(key), !readsOneWay(key):
		return "", &problem{FieldInvalid, "The part before the @ takes letters, digits, !#$%&'*+-/=?^_`{|}~, and single dots between them."}
	}
	return key, nil
}

// readsOneWay tells whether s has no right-to-left characters, or has them in
// such an order that it cannot be taken for another text (RFC 5893).
func readsOneWay(s string) bool {
	return bidirule.DirectionString(s) != bidi.RightToLeft || bidirule.ValidString(s)
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
	domain = strings.ReplaceAll(domain, "ẞ", "ß") // as UTS 46 has it since Unicode 15.1; before, it was "ss"
	ascii, err := domainProfile.ToASCII(domain)
	if err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 0 || strings.Trim(ascii[dot+1:], "0123456789") == "" {
		return "", false // one label, a trailing dot, or what resolvers take for an IPv4 address
	}
	key, err = domainProfile.ToUnicode(ascii)
	return key, err == nil && !strings.ContainsFunc(key, invisible) // which punycode can hide
}
