package servicetest

import (
	"strings"

	"github.com/userd/userd/service"
)

// NameCase is a first or last name and what becomes of it.
type NameCase struct {
	// Name says what the case is about; it is unique.
	Name string
	// In is the name as somebody types it.
	In string
	// Value is what is stored of a name that is accepted, otherwise empty.
	Value string
	// Key is what an accepted name is ordered and searched by.
	Key string
	// Code is what is wrong with a name that is refused, otherwise empty.
	Code service.FieldCode
}

// OK tells whether the name is accepted.
func (c NameCase) OK() bool { return c.Code == "" }

// Names are the rules for first and last names.
func Names() []NameCase {
	accepted := func(name, in, value, key string) NameCase {
		return NameCase{Name: name, In: in, Value: value, Key: key}
	}
	refused := func(name, in string, code service.FieldCode) NameCase {
		return NameCase{Name: name, In: in, Code: code}
	}
	long := strings.Repeat("n", 100)
	return []NameCase{
		accepted("plain", "Ada", "Ada", "ada"),
		accepted("one letter", "O", "O", "o"),
		accepted("two words", "Mary Ann", "Mary Ann", "mary ann"),
		accepted("spaces around are trimmed", " \tAda\n", "Ada", "ada"),
		accepted("Unicode spaces around are trimmed", "\u00a0\u3000Ada\u2003", "Ada", "ada"),
		accepted("spaces inside stay", "Anna  Maria", "Anna  Maria", "anna  maria"),
		accepted("apostrophe", "O'Neill", "O'Neill", "o'neill"),
		accepted("curly apostrophe", "O’Neill", "O’Neill", "o’neill"),
		accepted("hyphen", "Anne-Marie", "Anne-Marie", "anne-marie"),
		accepted("digits", "X Æ A-12", "X Æ A-12", "x æ a-12"),
		accepted("dot", "John Jr.", "John Jr.", "john jr."),
		accepted("wildcards of SQL are letters like others", `100%_\`, `100%_\`, `100%_\`),
		accepted("markup is text", "<b>Ada</b>", "<b>Ada</b>", "<b>ada</b>"),
		accepted("quotes are text", `Robert'); DROP TABLE users;--`, `Robert'); DROP TABLE users;--`, `robert'); drop table users;--`),
		accepted("the word null", "null", "null", "null"),
		accepted("accents", "Zoë", "Zoë", "zoë"),
		accepted("decomposed accents stay, with the same key", "Zoe\u0308", "Zoe\u0308", "zoë"),
		accepted("German", "Groß", "Groß", "groß"),
		accepted("Turkish", "İpek", "İpek", "i\u0307pek"),
		accepted("Greek", "ΣΟΦΟΣ", "ΣΟΦΟΣ", "σοφοσ"),
		accepted("Chinese", "小明", "小明", "小明"),
		accepted("fullwidth", "Ａｄａ", "Ａｄａ", "ada"),
		accepted("halfwidth Katakana", "ﾊﾝ", "ﾊﾝ", "ハン"),
		accepted("Arabic", "محمد", "محمد", "محمد"),
		accepted("Persian with a zero width non-joiner", "علی\u200cرضا", "علی\u200cرضا", "علی\u200cرضا"),
		accepted("Sinhala with a zero width joiner", "ශ්\u200dරී", "ශ්\u200dරී", "ශ්\u200dරී"),
		accepted("emoji", "Ada 👩\u200d💻", "Ada 👩\u200d💻", "ada 👩\u200d💻"),
		accepted("a mark on a space", "A \u0301", "A \u0301", "a \u0301"),
		accepted("100 characters", long, long, long),
		accepted("100 characters in spaces", "  "+long+"  ", long, long),
		accepted("100 characters of 4 bytes", strings.Repeat("𝒂", 100), strings.Repeat("𝒂", 100), strings.Repeat("𝒂", 100)),
		accepted("100 characters with the longest key", strings.Repeat("\U0001d160", 100), strings.Repeat("\U0001d160", 100), strings.Repeat("\U0001d158\U0001d165\U0001d16e", 100)),

		refused("empty", "", service.FieldRequired),
		refused("spaces only", " \t\u3000", service.FieldRequired),
		refused("line ends only", "\r\n", service.FieldRequired),
		refused("zero width spaces only", "\u200b\u200b", service.FieldRequired),
		refused("zero width joiner only", "\u200d", service.FieldRequired),
		refused("soft hyphen only", "\u00ad", service.FieldRequired),
		refused("Hangul filler only", "\u3164", service.FieldRequired),
		refused("empty braille pattern only", "\u2800", service.FieldRequired),
		refused("variation selector only", "\ufe0f", service.FieldRequired),
		refused("combining mark only", "\u0301", service.FieldRequired),
		refused("byte order mark only", "\ufeff", service.FieldRequired),
		refused("private use only", "\ue000", service.FieldRequired),
		refused("101 characters", long+"n", service.FieldTooLong),
		refused("101 characters of several bytes", strings.Repeat("é", 101), service.FieldTooLong),
		refused("very long", strings.Repeat("n", 100_000), service.FieldTooLong),
		refused("tab inside", "Ada\tLove", service.FieldForbiddenCharacter),
		refused("line feed inside", "Ada\nLove", service.FieldForbiddenCharacter),
		refused("NUL inside", "Ada\x00Love", service.FieldForbiddenCharacter),
		refused("NUL at the end", "Ada\x00", service.FieldForbiddenCharacter),
		refused("escape", "\x1b[31mAda", service.FieldForbiddenCharacter),
		refused("C1 control", "Ada\u009bLove", service.FieldForbiddenCharacter),
		refused("line separator", "Ada\u2028Love", service.FieldForbiddenCharacter),
		refused("paragraph separator", "Ada\u2029Love", service.FieldForbiddenCharacter),
		refused("right-to-left override", "Ada\u202eevoL", service.FieldForbiddenCharacter),
		refused("right-to-left isolate", "Ada\u2067Love\u2069", service.FieldForbiddenCharacter),
		refused("replacement character", "Ad\ufffda", service.FieldForbiddenCharacter),
		refused("invalid UTF-8", "Ad\xffa", service.FieldInvalid),
		refused("truncated UTF-8", "Ad\xc3", service.FieldInvalid),
	}
}
