package service_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

func TestName(t *testing.T) {
	for _, c := range servicetest.Names() {
		t.Run(c.Name, func(t *testing.T) {
			got, p := service.ParseName(c.In)
			if p.Code() != c.Code {
				t.Fatalf("ParseName(%+q) has the mistake %q, want %q", c.In, p.Code(), c.Code)
			}
			if diff := cmp.Diff(service.Text{Value: c.Value, Key: c.Key}, got); diff != "" {
				t.Errorf("ParseName(%+q) (-want +got):\n%s", c.In, diff)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	for _, c := range servicetest.Searches() {
		t.Run(c.Name, func(t *testing.T) {
			got, p := service.ParsePrefix(c.In)
			if p.Code() != c.Code || got != c.Prefix {
				t.Errorf("ParsePrefix(%+q) = %+q, %q, want %+q, %q", c.In, got, p.Code(), c.Prefix, c.Code)
			}
		})
	}
}

// Whoever types the start of a name finds it, in any case and normal form.
func TestSearchFindsNames(t *testing.T) {
	for _, c := range servicetest.Names() {
		if !c.OK() || utf8.RuneCountInString(c.Key) > 254 {
			continue
		}
		for _, typed := range []string{c.In, strings.ToUpper(c.Value), c.Key} {
			prefix, p := service.ParsePrefix(typed)
			if p != nil || prefix != c.Key {
				t.Errorf("%s: ParsePrefix(%+q) = %+q, %q, want %+q", c.Name, typed, prefix, p.Code(), c.Key)
			}
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, c := range servicetest.Names() {
		f.Add(c.In)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, p := service.ParseName(s)
		if p != nil {
			return
		}
		if got.Value != strings.TrimSpace(s) || got.Value == "" {
			t.Errorf("%+q is stored as %+q", s, got.Value)
		}
		if !utf8.ValidString(got.Key) || strings.ContainsFunc(got.Key, unicode.IsControl) {
			t.Errorf("the key of %+q is %+q", s, got.Key)
		}
		if again := service.SearchKey(got.Key); again != got.Key {
			t.Errorf("the key of %+q is %+q, and its key is %+q", s, got.Key, again)
		}
		if n := len(got.Key); n > maxKeyBytes {
			t.Errorf("the key of %+q has %d bytes, more than cursors take", s, n)
		}
	})
}

// maxKeyBytes is the longest key that fits into a cursor.
const maxKeyBytes = 1200
