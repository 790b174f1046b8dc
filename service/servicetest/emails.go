package servicetest

import (
	"slices"
	"strings"

	"github.com/userd/userd/service"
)

// EmailCase is an e-mail address and what becomes of it.
type EmailCase struct {
	// Name says what the case is about; it is unique.
	Name string
	// In is the address as somebody types it.
	In string
	// Key is the key of an address that is accepted, otherwise empty. Two
	// addresses are one user's exactly when their keys are equal.
	Key string
	// Code is what is wrong with an address that is refused, otherwise empty.
	Code service.FieldCode
}

// OK tells whether the address is accepted.
func (c EmailCase) OK() bool { return c.Code == "" }

// Value is what is stored of an accepted address: what was typed, trimmed.
func (c EmailCase) Value() string { return strings.TrimSpace(c.In) }

// Emails are the rules for e-mail addresses.
func Emails() []EmailCase {
	return slices.Concat(plainEmails(), emailForms(), emailCharacters(), emailLengths(), emailDomains(),
		unicodeLocalParts(), lookalikeLocalParts(), rightToLeftEmails(), unicodeDomains(), punycodeDomains())
}

// accepted is an address with this key.
func accepted(name, in, key string) EmailCase { return EmailCase{Name: name, In: in, Key: key} }

// refused is an address with this mistake.
func refused(name, in string, code service.FieldCode) EmailCase {
	return EmailCase{Name: name, In: in, Code: code}
}

func plainEmails() []EmailCase {
	return []EmailCase{
		accepted("plain", "ada@example.com", "ada@example.com"),
		accepted("shortest", "a@b.c", "a@b.c"),
		accepted("upper case is the same address", "ADA@EXAMPLE.COM", "ada@example.com"),
		accepted("mixed case is the same address", "Ada@Example.Com", "ada@example.com"),
		accepted("dots inside count", "ada.love.lace@example.com", "ada.love.lace@example.com"),
		accepted("a tag counts", "ada+news@example.com", "ada+news@example.com"),
		accepted("digits only", "1815@example.com", "1815@example.com"),
		accepted("begins with a hyphen", "-ada@example.com", "-ada@example.com"),
		accepted("ends in a hyphen", "ada-@example.com", "ada-@example.com"),
		accepted("underscores", "_ada_@example.com", "_ada_@example.com"),
		accepted("an apostrophe", "o'neill@example.com", "o'neill@example.com"),
		accepted("every character RFC 5322 allows", "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"),
		accepted("a wildcard of SQL is a letter like others", "a%b_c@example.com", "a%b_c@example.com"),
		accepted("spaces around are trimmed", "  ada@example.com\t", "ada@example.com"),
		accepted("line ends around are trimmed", "\r\nada@example.com\r\n", "ada@example.com"),
		accepted("Unicode spaces around are trimmed", "\u00a0\u3000ada@example.com\u2003\u2028", "ada@example.com"),
	}
}

func emailForms() []EmailCase {
	return []EmailCase{
		refused("empty", "", service.FieldRequired),
		refused("spaces only", " \t\u3000 ", service.FieldRequired),
		refused("no @", "ada.example.com", service.FieldInvalid),
		refused("@ only", "@", service.FieldInvalid),
		refused("no local part", "@example.com", service.FieldInvalid),
		refused("no domain", "ada@", service.FieldInvalid),
		refused("two @", "ada@love@example.com", service.FieldInvalid),
		refused("two @ side by side", "ada@@example.com", service.FieldInvalid),
		refused("begins with a dot", ".ada@example.com", service.FieldInvalid),
		refused("local part ends in a dot", "ada.@example.com", service.FieldInvalid),
		refused("two dots side by side", "ada..love@example.com", service.FieldInvalid),
		refused("a dot alone", ".@example.com", service.FieldInvalid),
		refused("quoted", `"ada"@example.com`, service.FieldInvalid),
		refused("quoted @", `"a@b"@x.com`, service.FieldInvalid),
		refused("quoted space", `"ada lovelace"@example.com`, service.FieldForbiddenCharacter),
		refused("quoted dots", `"ada..love"@example.com`, service.FieldInvalid),
		refused("backslash", `ada\love@example.com`, service.FieldInvalid),
		refused("display name", "Ada Lovelace <ada@example.com>", service.FieldForbiddenCharacter),
		refused("display name without a space", "Ada<ada@example.com>", service.FieldInvalid),
		refused("angle brackets", "<ada@example.com>", service.FieldInvalid),
		refused("mailto", "mailto:ada@example.com", service.FieldInvalid),
		refused("comment before the @", "ada(home)@example.com", service.FieldInvalid),
		refused("comment behind the domain", "ada@example.com(home)", service.FieldInvalid),
		refused("two addresses with a comma", "ada@example.com,bob@example.com", service.FieldInvalid),
		refused("two addresses with a semicolon", "ada@example.com;bob@example.com", service.FieldInvalid),
		refused("two addresses with a space", "ada@example.com bob@example.com", service.FieldForbiddenCharacter),
		refused("a comma before the @", "ada,love@example.com", service.FieldInvalid),
		refused("a colon before the @", "ada:love@example.com", service.FieldInvalid),
		refused("square brackets before the @", "[ada]@example.com", service.FieldInvalid),
		refused("IPv4 literal", "ada@[127.0.0.1]", service.FieldInvalid),
		refused("IPv6 literal", "ada@[IPv6:::1]", service.FieldInvalid),
		refused("IPv4 address", "ada@127.0.0.1", service.FieldInvalid),
		refused("a port", "ada@example.com:25", service.FieldInvalid),
		refused("a path", "ada@example.com/box", service.FieldInvalid),
		refused("bang path", "example.com!ada", service.FieldInvalid),
	}
}

func emailCharacters() []EmailCase {
	forbidden := func(name, character string) []EmailCase {
		return []EmailCase{
			refused(name+" before the @", "ad"+character+"a@example.com", service.FieldForbiddenCharacter),
			refused(name+" in the domain", "ada@exam"+character+"ple.com", service.FieldForbiddenCharacter),
		}
	}
	return slices.Concat(
		forbidden("space", " "),
		forbidden("tab", "\t"),
		forbidden("NUL", "\x00"),
		forbidden("line feed", "\n"),
		forbidden("carriage return and line feed", "\r\n"),
		forbidden("DEL", "\x7f"),
		forbidden("C1 control U+0085", "\u0085"),
		forbidden("no-break space", "\u00a0"),
		forbidden("ideographic space", "\u3000"),
		forbidden("line separator", "\u2028"),
		forbidden("zero width space", "\u200b"),
		forbidden("zero width joiner", "\u200d"),
		forbidden("zero width non-joiner", "\u200c"),
		forbidden("word joiner", "\u2060"),
		forbidden("byte order mark", "\ufeff"),
		forbidden("soft hyphen", "\u00ad"),
		forbidden("right-to-left override", "\u202e"),
		forbidden("left-to-right isolate", "\u2066"),
		forbidden("Arabic letter mark", "\u061c"),
		forbidden("combining grapheme joiner", "\u034f"),
		forbidden("Hangul filler", "\u3164"),
		forbidden("halfwidth Hangul filler", "\uffa0"),
		forbidden("Mongolian vowel separator", "\u180e"),
		forbidden("variation selector", "\ufe0f"),
		forbidden("supplementary variation selector", "\U000e0100"),
		forbidden("tag character", "\U000e0041"),
		forbidden("empty braille pattern", "\u2800"),
		forbidden("private use", "\ue000"),
		forbidden("unassigned", "\u0378"),
		forbidden("noncharacter", "\uffff"),
		[]EmailCase{
			refused("zero width space at the end is not trimmed", "ada@example.com\u200b", service.FieldForbiddenCharacter),
			refused("byte order mark at the start is not trimmed", "\ufeffada@example.com", service.FieldForbiddenCharacter),
			refused("NUL at the end is not trimmed", "ada@example.com\x00", service.FieldForbiddenCharacter),
			refused("replacement character", "ad\ufffda@example.com", service.FieldInvalid),
			refused("invalid UTF-8 before the @", "ad\xffa@example.com", service.FieldInvalid),
			refused("invalid UTF-8 in the domain", "ada@ex\xc3ample.com", service.FieldInvalid),
			refused("a surrogate in UTF-8", "ad\xed\xa0\x80a@example.com", service.FieldInvalid),
		},
	)
}

func emailLengths() []EmailCase {
	local := strings.Repeat("l", 64)
	label := strings.Repeat("d", 63)
	domain := label + "." + label + "." // 128 bytes
	return []EmailCase{
		accepted("local part of 64 bytes", local+"@example.com", local+"@example.com"),
		refused("local part of 65 bytes", local+"l@example.com", service.FieldTooLong),
		accepted("local part of 64 bytes in Unicode", strings.Repeat("é", 32)+"@example.com", strings.Repeat("é", 32)+"@example.com"),
		refused("local part of 65 bytes in Unicode", strings.Repeat("é", 32)+"l@example.com", service.FieldTooLong),
		refused("local part whose lower case has 96 bytes", strings.Repeat("Ⱥ", 32)+"@example.com", service.FieldTooLong),
		accepted("address of 254 bytes", local+"@"+domain+label[:61], local+"@"+domain+label[:61]),
		refused("address of 255 bytes", local+"@"+domain+label[:62], service.FieldTooLong),
		accepted("address of 254 bytes in spaces", " "+local+"@"+domain+label[:61]+" ", local+"@"+domain+label[:61]),
		accepted("domain of 252 bytes", "a@"+domain+label+"."+label[:60], "a@"+domain+label+"."+label[:60]),
		accepted("label of 63 bytes", "a@"+label+".com", "a@"+label+".com"),
		refused("label of 64 bytes", "a@"+label+"d.com", service.FieldInvalid),
		accepted("Unicode label of 63 bytes in punycode", "a@"+strings.Repeat("ü", 57)+".com", "a@"+strings.Repeat("ü", 57)+".com"),
		refused("Unicode label of 64 bytes in punycode", "a@"+strings.Repeat("ü", 58)+".com", service.FieldInvalid),
		accepted("Unicode domain of 253 bytes in punycode", "a@"+strings.Repeat("ü.", 31)+"abcde", "a@"+strings.Repeat("ü.", 31)+"abcde"),
		refused("Unicode domain of 254 bytes in punycode", "a@"+strings.Repeat("ü.", 31)+"abcdef", service.FieldInvalid),
		refused("punycode of more than 254 bytes", "a@xn--fiq"+strings.Repeat("a", 49)+".xn--fiq"+strings.Repeat("a", 49), service.FieldTooLong),
		refused("address of 262 bytes with a key of 92", "a@"+strings.Repeat("ａ", 60)+"."+strings.Repeat("ａ", 25)+".com", service.FieldTooLong),
		refused("very long", strings.Repeat("a", 100_000)+"@example.com", service.FieldTooLong),
	}
}

func emailDomains() []EmailCase {
	return []EmailCase{
		accepted("subdomains", "ada@mail.eu.example.com", "ada@mail.eu.example.com"),
		accepted("digits in the domain", "ada@4chan.example", "ada@4chan.example"),
		accepted("a label of digits", "ada@123.example", "ada@123.example"),
		accepted("hyphens in the domain", "ada@my-mail.ex-ample.com", "ada@my-mail.ex-ample.com"),
		accepted("long top-level domain", "ada@example.photography", "ada@example.photography"),
		refused("localhost", "ada@localhost", service.FieldInvalid),
		refused("top-level domain alone", "ada@com", service.FieldInvalid),
		refused("domain ends in a dot", "ada@example.com.", service.FieldInvalid),
		refused("host name ends in a dot", "ada@localhost.", service.FieldInvalid),
		refused("domain begins with a dot", "ada@.example.com", service.FieldInvalid),
		refused("two dots in the domain", "ada@example..com", service.FieldInvalid),
		refused("domain of one dot", "ada@.", service.FieldInvalid),
		refused("domain of two dots", "ada@..", service.FieldInvalid),
		refused("label begins with a hyphen", "ada@-example.com", service.FieldInvalid),
		refused("label ends in a hyphen", "ada@example-.com", service.FieldInvalid),
		refused("top-level domain begins with a hyphen", "ada@example.-com", service.FieldInvalid),
		refused("hyphens in the third and fourth place", "ada@ab--cd.com", service.FieldInvalid),
		refused("underscore in the domain", "ada@my_mail.example.com", service.FieldInvalid),
		refused("apostrophe in the domain", "ada@o'neill.com", service.FieldInvalid),
		refused("plus in the domain", "ada@a+b.com", service.FieldInvalid),
		refused("percent in the domain", "ada@a%b.com", service.FieldInvalid),
		refused("exclamation mark in the domain", "ada@a!b.com", service.FieldInvalid),
		refused("numeric top-level domain", "ada@example.123", service.FieldInvalid),
		refused("short IPv4 address", "ada@127.1", service.FieldInvalid),
		refused("IPv6 address", "ada@::1", service.FieldInvalid),
	}
}
