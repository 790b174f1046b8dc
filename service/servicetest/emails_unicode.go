package servicetest

import "github.com/userd/userd/service"

func unicodeLocalParts() []EmailCase {
	return []EmailCase{
		accepted("accents", "zoë.garcía@example.com", "zoë.garcía@example.com"),
		accepted("upper case accents", "ZOË@example.com", "zoë@example.com"),
		accepted("decomposed accents are the same (NFD)", "zoe\u0308@example.com", "zoë@example.com"),
		accepted("decomposed upper case is the same", "ZOE\u0308@EXAMPLE.COM", "zoë@example.com"),
		accepted("two marks in either order are the same", "a\u0301\u0323@example.com", "\u1ea1\u0301@example.com"),
		accepted("two marks in canonical order", "a\u0323\u0301@example.com", "\u1ea1\u0301@example.com"),
		accepted("Chinese", "用户@example.com", "用户@example.com"),
		accepted("Chinese behind a digit", "2用户@example.com", "2用户@example.com"),
		accepted("letters behind an underscore", "_zoë_@example.com", "_zoë_@example.com"),
		accepted("a tag behind an accent", "zoë+news@example.com", "zoë+news@example.com"),
		accepted("Cyrillic", "Юлия@example.com", "юлия@example.com"),
		accepted("Greek", "ΔΟΚΙΜΗ@example.com", "δοκιμη@example.com"),
		accepted("Greek capital sigma at the end", "ΣΟΦΟΣ@example.com", "σοφοσ@example.com"),
		accepted("Greek final sigma stays", "σοφος@example.com", "σοφος@example.com"),
		accepted("Devanagari", "डेटा@example.com", "डेटा@example.com"),
		accepted("Devanagari with a composition exclusion", "\u0958@example.com", "\u0915\u093c@example.com"),
		accepted("Thai", "ทดสอบ@example.com", "ทดสอบ@example.com"),
		accepted("Hangul", "한국@example.com", "한국@example.com"),
		accepted("conjoining jamo are the same", "\u1112\u1161\u11ab국@example.com", "한국@example.com"),
		accepted("Katakana", "ハンコ@example.com", "ハンコ@example.com"),
		accepted("halfwidth Katakana are the same", "ﾊﾝｺ@example.com", "ハンコ@example.com"),
		accepted("halfwidth voiced mark composes", "ｶﾞ@example.com", "ガ@example.com"),
		accepted("fullwidth letters are the same", "ＡＤＡ@example.com", "ada@example.com"),
		accepted("fullwidth digits are the same", "ada１@example.com", "ada1@example.com"),
		accepted("a fullwidth digit first", "１ada@example.com", "1ada@example.com"),
		accepted("a fullwidth dot before the @ is a dot", "ada．love@example.com", "ada.love@example.com"),
		accepted("a fullwidth plus is a plus", "ada＋news@example.com", "ada+news@example.com"),
		refused("a fullwidth dot at the start", "．ada@example.com", service.FieldInvalid),
		refused("a fullwidth dot beside a dot", "ada．.love@example.com", service.FieldInvalid),
		refused("a fullwidth @ alone", "ada＠example.com", service.FieldInvalid),
		refused("a fullwidth @ beside an @", "ada＠love@example.com", service.FieldInvalid),
		refused("fullwidth quotes", "＂ada＂@example.com", service.FieldInvalid),
		refused("fullwidth parentheses", "ada（home）@example.com", service.FieldInvalid),
		refused("fullwidth comma", "ada，love@example.com", service.FieldInvalid),
		refused("ideographic full stop before the @", "ada。love@example.com", service.FieldInvalid),
		accepted("middle dot between l (Catalan)", "col·legi@example.com", "col·legi@example.com"),
		refused("middle dot elsewhere", "a·b@example.com", service.FieldInvalid),
		refused("emoji", "😀@example.com", service.FieldInvalid),
		refused("emoji with a skin tone", "👍🏽@example.com", service.FieldInvalid),
		refused("emoji joined by ZWJ", "👩\u200d💻@example.com", service.FieldForbiddenCharacter),
		refused("a symbol", "ada™@example.com", service.FieldInvalid),
		refused("curly quote", "o’neill@example.com", service.FieldInvalid),
		refused("en dash", "ada–love@example.com", service.FieldInvalid),
		refused("currency", "10€@example.com", service.FieldInvalid),
	}
}

// lookalikeLocalParts are those that careless case mapping or compatibility
// mapping merges with another user's address.
func lookalikeLocalParts() []EmailCase {
	return []EmailCase{
		refused("Kelvin sign is no k", "\u212aate@example.com", service.FieldInvalid),
		refused("Greek varia is no backtick", "a\u1fef@example.com", service.FieldInvalid),
		refused("long s is no s", "ma\u017fs@example.com", service.FieldInvalid),
		refused("ligature fi is no fi", "\ufb01lip@example.com", service.FieldInvalid),
		refused("ligature ff is no ff", "o\ufb00@example.com", service.FieldInvalid),
		refused("superscript two is no 2", "a\u00b2@example.com", service.FieldInvalid),
		refused("circled letter is no letter", "ⓐda@example.com", service.FieldInvalid),
		refused("mathematical bold is no letter", "𝐚da@example.com", service.FieldInvalid),
		refused("Roman numeral is no letter", "ⅳ@example.com", service.FieldInvalid),
		refused("feminine ordinal is no a", "ªda@example.com", service.FieldInvalid),
		refused("one dot leader is no dot", "a\u2024b@example.com", service.FieldInvalid),
		refused("small commercial at is no @", "a\ufe6bb@example.com", service.FieldInvalid),
		accepted("dotless i is no i", "ısmet@example.com", "ısmet@example.com"),
		accepted("I is i, in Turkey too", "ISMET@example.com", "ismet@example.com"),
		accepted("dotted capital I is i with a dot", "İsmet@example.com", "i\u0307smet@example.com"),
		accepted("sharp s is not ss", "straße@example.com", "straße@example.com"),
		accepted("ss is not sharp s", "strasse@example.com", "strasse@example.com"),
		accepted("capital sharp s is sharp s", "STRAẞE@example.com", "straße@example.com"),
		accepted("ae is not æ", "ægir@example.com", "ægir@example.com"),
		accepted("accents are not left out", "jose@example.com", "jose@example.com"),
		accepted("Cyrillic a is no Latin a", "аda@example.com", "аda@example.com"),
		accepted("Ohm sign is omega", "a\u2126@example.com", "aω@example.com"),
		accepted("Angstrom sign is å", "\u212bsa@example.com", "åsa@example.com"),
	}
}

func rightToLeftEmails() []EmailCase {
	return []EmailCase{
		accepted("Hebrew", "אבג@example.com", "אבג@example.com"),
		accepted("Hebrew with a digit at the end", "אבג1@example.com", "אבג1@example.com"),
		accepted("Arabic", "محمد@example.com", "محمد@example.com"),
		accepted("Hebrew domain", "ada@דוגמה.קום", "ada@דוגמה.קום"),
		accepted("Hebrew with a digit in the domain", "ada@דוגמה1.com", "ada@דוגמה1.com"),
		refused("Hebrew behind a digit", "1אבג@example.com", service.FieldInvalid),
		refused("Latin behind Hebrew", "אבגada@example.com", service.FieldInvalid),
		refused("Hebrew behind Latin", "adaאבג@example.com", service.FieldInvalid),
		refused("Arabic and European digits mixed", "محمد1٢@example.com", service.FieldInvalid),
		refused("two kinds of Arabic digits", "محمد٢۳@example.com", service.FieldInvalid),
		refused("Latin behind Hebrew in a label", "ada@אבגada.com", service.FieldInvalid),
		refused("Hebrew domain with a label that begins with a digit", "ada@1אבג.com", service.FieldInvalid),
	}
}

func unicodeDomains() []EmailCase {
	return []EmailCase{
		accepted("Unicode domain", "ada@bücher.example", "ada@bücher.example"),
		accepted("Unicode domain in upper case", "ada@BÜCHER.example", "ada@bücher.example"),
		accepted("Unicode domain decomposed", "ada@bu\u0308cher.example", "ada@bücher.example"),
		accepted("Chinese domain", "ada@例子.测试", "ada@例子.测试"),
		accepted("Unicode on both sides", "用户@例子.测试", "用户@例子.测试"),
		accepted("Russian domain", "ada@Пример.РФ", "ada@пример.рф"),
		accepted("fullwidth domain", "ada@ｅｘａｍｐｌｅ.com", "ada@example.com"),
		accepted("fullwidth dot in the domain", "ada@example．com", "ada@example.com"),
		accepted("ideographic full stop in the domain", "ada@例え。jp", "ada@例え.jp"),
		accepted("halfwidth ideographic full stop in the domain", "ada@例え｡jp", "ada@例え.jp"),
		accepted("sharp s in the domain is not ss", "ada@straße.de", "ada@straße.de"),
		accepted("ss in the domain is not sharp s", "ada@strasse.de", "ada@strasse.de"),
		accepted("capital sharp s in the domain is sharp s", "ada@STRAẞE.de", "ada@straße.de"),
		accepted("final sigma in the domain stays", "ada@πόλος.gr", "ada@πόλος.gr"),
		accepted("Kelvin sign in a domain is k, as for resolvers", "ada@\u212aelvin.com", "ada@kelvin.com"),
		accepted("ligature in a domain is its letters, as for resolvers", "ada@\ufb01le.com", "ada@file.com"),
		accepted("long s in a domain is s, as for resolvers", "ada@me\u017fa.com", "ada@mesa.com"),
		accepted("dotless i in a domain stays", "ada@ısı.com", "ada@ısı.com"),
		accepted("emoji domain", "ada@i❤.ws", "ada@i❤.ws"),
		refused("emoji domain with a variation selector", "ada@i❤\ufe0f.ws", service.FieldForbiddenCharacter),
		refused("ideographic full stop at the end", "ada@例え.jp。", service.FieldInvalid),
		refused("fullwidth dot at the end", "ada@example.com．", service.FieldInvalid),
		refused("fullwidth IPv4 address", "ada@１２７.０.０.１", service.FieldInvalid),
		refused("domain label begins with a combining mark", "ada@\u0301a.com", service.FieldInvalid),
		refused("fullwidth underscore in the domain", "ada@my＿mail.com", service.FieldInvalid),
		refused("care-of sign becomes a slash", "ada@\u2105.com", service.FieldInvalid),
		refused("one dot leader in the domain", "ada@example\u2024com", service.FieldInvalid),
	}
}

func punycodeDomains() []EmailCase {
	return []EmailCase{
		accepted("punycode is the same domain", "ada@xn--bcher-kva.example", "ada@bücher.example"),
		accepted("punycode in upper case is the same domain", "ada@XN--BCHER-KVA.EXAMPLE", "ada@bücher.example"),
		accepted("punycode of sharp s", "ada@xn--strae-oqa.de", "ada@straße.de"),
		accepted("punycode top-level domain", "ada@xn--fsqu00a.xn--0zwm56d", "ada@例子.测试"),
		refused("punycode that decodes to nothing", "ada@xn--.com", service.FieldInvalid),
		refused("punycode that decodes to ASCII", "ada@xn--example-.com", service.FieldInvalid),
		refused("punycode that cannot be decoded", "ada@xn--a.com", service.FieldInvalid),
		refused("punycode with non-ASCII", "ada@xn--bücher.com", service.FieldInvalid),
		refused("punycode of a ligature", "ada@xn--a-sy8h.com", service.FieldInvalid),
		refused("punycode of a zero width space", "ada@xn--adab-w76a.com", service.FieldInvalid),
		refused("punycode of a soft hyphen", "ada@xn--adab-rga.com", service.FieldInvalid),
		refused("punycode of a Hangul filler", "ada@xn--ab-3w4a.com", service.FieldInvalid),
		refused("punycode of an empty braille pattern", "ada@xn--ada-z96a.com", service.FieldInvalid),
		refused("punycode of a zero width joiner where Hindi has it", "ada@xn--11b2ezcw70k.com", service.FieldInvalid),
		refused("punycode of a zero width non-joiner where Persian has it", "ada@xn--mgba3gch31f060k.com", service.FieldInvalid),
		refused("another hyphenated prefix", "ada@zz--bcher-kva.example", service.FieldInvalid),
	}
}
