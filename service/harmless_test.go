package service_test

import (
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

func TestHarmless(t *testing.T) {
	longest := strings.Repeat("x", 64)
	for _, text := range []string{"", "x", "azAZ09._-", "first_name", longest} {
		if got := service.Harmless(text); got != text {
			t.Errorf("%q cannot be repeated", text)
		}
	}
	for _, text := range []string{longest + "x", "a b", " ", "a\nlevel=ERROR", "\x1b[31m", "\x00", "\xff", "é", "ſ", "<b>", `a"b`, "a'b", `a\b`, "a/b", "a:b", "a@b", "\u202e"} {
		for _, text := range []string{text, "x" + text + "x"} {
			if got := service.Harmless(text); got != "" {
				t.Errorf("%q is repeated as %q", text, got)
			}
		}
	}
}
