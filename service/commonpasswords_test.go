package service_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

func listedPasswords(t *testing.T) []string {
	t.Helper()
	list, ended := strings.CutSuffix(service.CommonPasswords, "\n")
	if !ended {
		t.Fatal("the list does not end in a line feed")
	}
	return strings.Split(list, "\n")
}

// Bisecting relies on the order, and looking up in lower case on the case.
func TestCommonPasswordsFile(t *testing.T) {
	lines := listedPasswords(t)
	if len(lines) < 10_000 {
		t.Errorf("the list has %d lines, want at least 10000", len(lines))
	}
	for i, line := range lines {
		switch {
		case utf8.RuneCountInString(line) < 6:
			t.Errorf("line %d is %q: no policy takes one so short", i+1, line)
		case line != strings.ToLower(line) || line != norm.NFC.String(line):
			t.Errorf("line %d is %q, not in lower case and NFC", i+1, line)
		case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl):
			t.Errorf("line %d is %q, with what no password has", i+1, line)
		case i > 0 && lines[i-1] >= line:
			t.Errorf("line %d is %q and stands behind %q", i+1, line, lines[i-1])
		}
	}
}

func TestCommonPasswordsAreFound(t *testing.T) {
	for _, line := range listedPasswords(t) {
		if !service.IsCommonPassword(line) || !service.IsCommonPassword(strings.ToUpper(line)) {
			t.Errorf("%q is not found", line)
		}
	}
}

func TestOtherPasswordsAreNotFound(t *testing.T) {
	lines := listedPasswords(t)
	for _, line := range lines {
		for _, near := range []string{line + "\x00", line + "~", line[:len(line)-1], line[1:], line + "\n", "\n" + line} {
			if _, listed := slices.BinarySearch(lines, near); !listed && service.IsCommonPassword(near) {
				t.Errorf("%q is found", near)
			}
		}
	}
	for _, absent := range []string{"", "\n", "\x00", "\U0010ffff", lines[0] + "\n" + lines[1], "correct horse battery staple"} {
		if service.IsCommonPassword(absent) {
			t.Errorf("%q is found", absent)
		}
	}
}

func TestPattern(t *testing.T) {
	for password, want := range map[string]bool{
		"":           false,
		"a":          false,
		"aa":         true,
		"ab":         true,
		"ac":         false,
		"AaAaAaAa":   true,
		"890123":     true,
		"210987":     true,
		"zyxwvu":     true,
		"acegik":     false, // steps of two
		"abcabcab":   true,  // the last block cut short
		"abcdeabcde": false, // a block of five
		"12341234":   true,
		"1234123":    false, // not a block twice
		"12341235":   false,
		"abdabdabe":  false,
		"ａｂｃｄｅｆ":     true,
	} {
		if got := service.IsPattern(password); got != want {
			t.Errorf("IsPattern(%q) is %v, want %v", password, got, want)
		}
	}
}

func TestPassword(t *testing.T) {
	for _, c := range servicetest.Passwords() {
		t.Run(c.Name, func(t *testing.T) {
			got, p := service.NormalizePassword(c.In)
			if p.Code() != c.Code || got != c.Hashed {
				t.Errorf("normalize(%+q) = %+q, %q, want %+q, %q", c.In, got, p.Code(), c.Hashed, c.Code)
			}
		})
	}
}

func FuzzPassword(f *testing.F) {
	for _, c := range servicetest.Passwords() {
		f.Add(c.In)
	}
	lines := strings.Split(service.CommonPasswords, "\n")
	f.Fuzz(func(t *testing.T, s string) {
		if _, listed := slices.BinarySearch(lines[:len(lines)-1], strings.ToLower(s)); listed != service.IsCommonPassword(s) {
			t.Errorf("IsCommonPassword(%+q) is %v", s, !listed)
		}
		service.IsPattern(s) // must take anything
		got, p := service.NormalizePassword(s)
		if p != nil {
			return
		}
		if n := utf8.RuneCountInString(got); n < 8 || n > 128 || !norm.NFC.IsNormalString(got) {
			t.Errorf("%+q becomes %+q", s, got)
		}
		if again, p := service.NormalizePassword(got); p != nil || again != got {
			t.Errorf("%+q becomes %+q, and that %+q, %q", s, got, again, p.Code())
		}
	})
}
