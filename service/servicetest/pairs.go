package servicetest

// EmailPair is two addresses and whether they are one and the same.
type EmailPair struct {
	A, B string
	Same bool
}

// EmailPairs tell which spellings are one address: a user who has A cannot be
// joined by one who has B exactly when they are the same.
func EmailPairs() []EmailPair {
	return []EmailPair{
		{"ada@example.com", "ADA@EXAMPLE.COM", true},
		{"ada@example.com", " ada@example.com ", true},
		{"ada@example.com", "ＡＤＡ@example.com", true},
		{"zoë@example.com", "zoe\u0308@example.com", true},
		{"zoë@example.com", "ZOË@example.com", true},
		{"ada@bücher.example", "ada@xn--bcher-kva.example", true},
		{"ada@bücher.example", "ada@BU\u0308CHER.example", true},
		{"straße@example.com", "STRAẞE@example.com", true},
		{"ada@straße.de", "ada@STRAẞE.de", true},
		{"ada@example.jp", "ada@example。jp", true},
		{"ハンコ@example.com", "ﾊﾝｺ@example.com", true},

		{"ada@example.com", "ada@example.org", false},
		{"ada@example.com", "a.da@example.com", false},
		{"ada@example.com", "ada+news@example.com", false},
		{"zoë@example.com", "zoe@example.com", false},
		{"straße@example.com", "strasse@example.com", false},
		{"ada@straße.de", "ada@strasse.de", false},
		{"ismet@example.com", "ısmet@example.com", false},
		{"ismet@example.com", "İsmet@example.com", false},
		{"ada@example.com", "аda@example.com", false}, // the second begins with a Cyrillic letter
		{"σοφος@example.com", "ΣΟΦΟΣ@example.com", false},
		{"a_b@example.com", "axb@example.com", false},
		{"ada%@example.com", "ada1@example.com", false},
	}
}
