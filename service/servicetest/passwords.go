package servicetest

import (
	"strings"

	"github.com/userd/userd/service"
)

// PasswordCase is a password and what the default policy makes of it.
type PasswordCase struct {
	// Name says what the case is about; it is unique.
	Name string
	// In is the password as somebody types it.
	In string
	// Hashed is what is hashed of a password that is accepted, otherwise empty:
	// two passwords are the same exactly when this is.
	Hashed string
	// Code is what is wrong with a password that is refused, otherwise empty.
	Code service.FieldCode
}

// OK tells whether the password is accepted.
func (c PasswordCase) OK() bool { return c.Code == "" }

// Passwords are the rules for passwords, by the default policy.
func Passwords() []PasswordCase {
	accepted := func(name, in, hashed string) PasswordCase { return PasswordCase{Name: name, In: in, Hashed: hashed} }
	same := func(name, in string) PasswordCase { return accepted(name, in, in) }
	refused := func(name, in string, code service.FieldCode) PasswordCase {
		return PasswordCase{Name: name, In: in, Code: code}
	}
	return []PasswordCase{
		same("a phrase", "correct horse battery staple"),
		same("8 characters", "vK3!qo9z"),
		same("letters only need no digits", "grauwolfxy"),
		same("128 characters", strings.Repeat("pa ss-wo", 16)),
		same("128 characters of 4 bytes", strings.Repeat("🐎🔋📎🐴🐝🍀🌻🌙", 16)),
		same("8 characters of 4 bytes", "🐎🔋📎🐴🐝🍀🌻🌙"),
		same("spaces count", "  a  b  c"),
		same("spaces around stay", " vK3!qo9 "),
		same("upper case stays", "VK3!QO9Z"),
		same("quotes and markup", `<'">&;--%_\`),
		same("composed accents", "Zoë-Müller"),
		accepted("decomposed accents are the same", "Zoe\u0308-Mu\u0308ller", "Zoë-Müller"),
		accepted("8 characters when composed", "e\u0301u\u0308o\u0308a\u0308i\u0301o\u0301u\u0301a\u0301", "éüöäíóúá"),
		accepted("128 characters when composed", strings.Repeat("e\u0301u\u0308o\u0308a\u0308k", 25)+"xyz", strings.Repeat("éüöäk", 25)+"xyz"),
		same("fullwidth stays", "ｖＫ３！ｑｏ９ｚ"),
		same("ligature stays", "ef\ufb01zienz7"),
		same("zero width space stays", "vK3!\u200bqo9"),
		same("no-break space stays", "vK3!\u00a0qo9"),
		same("contains a common password", "password-for-ada"),
		same("so long a pattern that nobody tries it", strings.Repeat("a", 128)),
		same("nearly a pattern", "abcdefgk"),
		same("two alternating blocks of five", "ab?cdab?cd"),

		refused("empty", "", service.FieldRequired),
		refused("1 character", "x", service.FieldTooShort),
		refused("7 characters", "vK3!qo9", service.FieldTooShort),
		refused("7 characters of 4 bytes", "🐎🔋📎🐴🐝🍀🌻", service.FieldTooShort),
		refused("7 characters when composed", "e\u0301u\u0308o\u0308a\u0308i\u0301o\u0301u\u0301", service.FieldTooShort),
		refused("129 characters", strings.Repeat("pa ss-wo", 16)+"r", service.FieldTooLong),
		refused("very long", strings.Repeat("pa ss-wo", 10_000), service.FieldTooLong),
		refused("common", "password", service.FieldPasswordTooCommon),
		refused("common in upper case", "PassWord1", service.FieldPasswordTooCommon),
		refused("common on keyboards", "1qaz2wsx", service.FieldPasswordTooCommon),
		refused("common digits", "1234567890", service.FieldPasswordTooCommon),
		refused("one character repeated", "aaaaaaaaaa", service.FieldPasswordTooCommon),
		refused("one emoji repeated", strings.Repeat("🐎", 8), service.FieldPasswordTooCommon),
		refused("spaces only", "        ", service.FieldPasswordTooCommon),
		refused("zeros", "00000000", service.FieldPasswordTooCommon),
		refused("a pair repeated", "12121212", service.FieldPasswordTooCommon),
		refused("three repeated", "ABCabcabc", service.FieldPasswordTooCommon),
		refused("a year repeated", "19901990", service.FieldPasswordTooCommon),
		refused("alphabet", "abcdefghij", service.FieldPasswordTooCommon),
		refused("countdown", "987654321", service.FieldPasswordTooCommon),
		refused("countdown over zero", "0987654321", service.FieldPasswordTooCommon),
		refused("count over nine", "5678901234", service.FieldPasswordTooCommon),
		refused("two sequences", "a1b2c3d4e5", service.FieldPasswordTooCommon),
		refused("pairs in sequence", "aabbccddee", service.FieldPasswordTooCommon),
		refused("NUL", "vK3!\x00qo9z", service.FieldForbiddenCharacter),
		refused("line feed", "vK3!qo9z\n", service.FieldForbiddenCharacter),
		refused("tab", "vK3!\tqo9z", service.FieldForbiddenCharacter),
		refused("replacement character", "vK3!\ufffdqo9z", service.FieldForbiddenCharacter),
		refused("invalid UTF-8", "vK3!\xffqo9z", service.FieldInvalid),
	}
}
