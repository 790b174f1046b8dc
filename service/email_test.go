package service_test

import (
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

func TestEmail(t *testing.T) {
	for _, c := range servicetest.Emails() {
		t.Run(c.Name, func(t *testing.T) {
			got, p := service.ParseEmail(c.In)
			if p.Code() != c.Code {
				t.Fatalf("ParseEmail(%+q) has the mistake %q, want %q", c.In, p.Code(), c.Code)
			}
			want := service.Text{}
			if c.OK() {
				want = service.Text{Value: c.Value(), Key: c.Key}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ParseEmail(%+q) (-want +got):\n%s", c.In, diff)
			}
		})
	}
}

func TestEmailPairs(t *testing.T) {
	for _, pair := range servicetest.EmailPairs() {
		t.Run(pair.A+" and "+pair.B, func(t *testing.T) {
			a, b := mustParseEmail(t, pair.A), mustParseEmail(t, pair.B)
			if same := a.Key == b.Key; same != pair.Same {
				t.Errorf("the keys are %+q and %+q: same is %v, want %v", a.Key, b.Key, same, pair.Same)
			}
		})
	}
}

// A key is an address itself, and its own key: so it makes no difference
// whether a caller sends what was typed or what was found by it.
func TestEmailKeyIsItsOwnKey(t *testing.T) {
	for _, c := range servicetest.Emails() {
		if !c.OK() {
			continue
		}
		if got := mustParseEmail(t, c.Key); got.Key != c.Key || got.Value != c.Key {
			t.Errorf("%s: the key %+q has the key %+q", c.Name, c.Key, got.Key)
		}
	}
}

// No character but the fullwidth forms of ASCII ones and İ, which is i with a
// dot, may put an ASCII character into a local part's key: it would make its
// user somebody else.
func TestNoCharacterPosesAsASCII(t *testing.T) {
	for _, r := range characters() {
		if isASCII(r) || '\uff01' <= r && r <= '\uff5e' || r == 'İ' {
			continue
		}
		key, p := service.LocalKey("x" + string(r) + "x")
		if p == nil && strings.ContainsFunc(strings.Trim(key, "x"), isASCII) {
			t.Errorf("%U becomes %+q", r, key)
		}
	}
}

// No character vanishes from an address: an address with more in it than
// another is another address.
func TestNoCharacterVanishes(t *testing.T) {
	for _, r := range characters() {
		local, p := service.ParseEmail("a" + string(r) + "b@example.com")
		if p == nil && local.Key == "ab@example.com" {
			t.Errorf("%U vanishes from a local part", r)
		}
		domain, p := service.ParseEmail("ab@c" + string(r) + "d.com")
		if p == nil && domain.Key == "ab@cd.com" {
			t.Errorf("%U vanishes from a domain", r)
		}
	}
}

// Whoever types the start of an e-mail address as it was registered finds it.
func TestSearchKeyAgreesWithEmailKey(t *testing.T) {
	for _, c := range servicetest.Emails() {
		local, _, _ := strings.Cut(c.Value(), "@")
		if c.OK() && !strings.HasPrefix(c.Key, service.SearchKey(local)) {
			t.Errorf("%s: %+q, typed, looks for %+q, and the key is %+q", c.Name, local, service.SearchKey(local), c.Key)
		}
	}
	for _, r := range characters() {
		local := "x" + string(r) + "x"
		if key, p := service.LocalKey(local); p == nil && key != service.SearchKey(local) {
			t.Errorf("%U: the e-mail key is %+q and the search key %+q", r, key, service.SearchKey(local))
		}
	}
}

// A domain that is written as people write it, in Unicode or in ASCII, is found
// by what people type of it.
func TestSearchKeyAgreesWithTypedDomains(t *testing.T) {
	for _, domain := range []string{"Example.COM", "BÜCHER.example", "STRAẞE.de", "Пример.РФ", "例子.测试", "دوغمة.com", "ｅｘａｍｐｌｅ．com"} {
		whole := "ada@" + domain
		key := mustParseEmail(t, whole).Key
		for i := range whole {
			if prefix := service.SearchKey(whole[:i]); !strings.HasPrefix(key, prefix) {
				t.Errorf("%+q, typed, looks for %+q, and the key is %+q", whole[:i], prefix, key)
			}
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, c := range servicetest.Emails() {
		f.Add(c.In)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, p := service.ParseEmail(s)
		if p != nil {
			return
		}
		if got.Value != strings.TrimSpace(s) {
			t.Errorf("%+q is stored as %+q", s, got.Value)
		}
		checkEmailKey(t, got.Key)
		if again := mustParseEmail(t, got.Key); again.Key != got.Key {
			t.Errorf("the key of %+q is %+q, and its key is %+q", s, got.Key, again.Key)
		}
	})
}

// checkEmailKey holds a key to what stores and transports rely on.
func checkEmailKey(t *testing.T, key string) {
	t.Helper()
	local, domain, _ := strings.Cut(key, "@")
	switch {
	case !utf8.ValidString(key):
		t.Errorf("the key %+q is not UTF-8", key)
	case len(key) > 254 || len(local) > 64 || local == "":
		t.Errorf("the key %+q is too long or too short", key)
	case !strings.Contains(domain, ".") || strings.Contains(domain, "@"):
		t.Errorf("the key %+q has no domain with a dot", key)
	case strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || 'A' <= r && r <= 'Z' }):
		t.Errorf("the key %+q has a control, space or upper-case character", key)
	}
}

func mustParseEmail(t *testing.T, s string) service.Text {
	t.Helper()
	text, p := service.ParseEmail(s)
	if p != nil {
		t.Fatalf("ParseEmail(%+q): %s", s, p.Code())
	}
	return text
}

func isASCII(r rune) bool { return r < utf8.RuneSelf }

// characters are all assigned ones but those 80 000 ideographs and syllables
// that no rule knows apart.
var characters = sync.OnceValue(func() []rune {
	var all []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		alike := unicode.Is(unicode.Unified_Ideograph, r) || '가' < r && r <= '힣'
		if !alike && (unicode.IsGraphic(r) || unicode.In(r, unicode.Cc, unicode.Cf)) {
			all = append(all, r)
		}
	}
	return all
})
