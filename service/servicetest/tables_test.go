package servicetest_test

import (
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

// table holds a table to cases that each have a name of their own and either
// a result or a mistake.
type table struct {
	t     *testing.T
	names map[string]bool
}

func newTable(t *testing.T) *table { return &table{t: t, names: make(map[string]bool)} }

func (tb *table) add(name string, ok bool, result string, code service.FieldCode) {
	tb.t.Helper()
	if name == "" || tb.names[name] {
		tb.t.Errorf("two cases are called %q", name)
	}
	tb.names[name] = true
	if ok != (code == "") || ok != (result != "") {
		tb.t.Errorf("%s: has the result %q and the mistake %q", name, result, code)
	}
}

func TestEmails(t *testing.T) {
	tb := newTable(t)
	for _, c := range servicetest.Emails() {
		tb.add(c.Name, c.OK(), c.Key, c.Code)
		if c.OK() && c.Value() == "" {
			t.Errorf("%s: nothing would be stored", c.Name)
		}
	}
	if len(tb.names) < 120 {
		t.Errorf("there are %d cases, want at least 120", len(tb.names))
	}
}

func TestNames(t *testing.T) {
	tb := newTable(t)
	for _, c := range servicetest.Names() {
		tb.add(c.Name, c.OK(), c.Key, c.Code)
		if (c.Value == "") != (c.Key == "") {
			t.Errorf("%s: has the value %q and the key %q", c.Name, c.Value, c.Key)
		}
	}
}

func TestPasswords(t *testing.T) {
	tb := newTable(t)
	for _, c := range servicetest.Passwords() {
		tb.add(c.Name, c.OK(), c.Hashed, c.Code)
	}
}

func TestSearches(t *testing.T) {
	tb := newTable(t)
	for _, c := range servicetest.Searches() {
		tb.add(c.Name, c.Code == "", c.Prefix, c.Code)
	}
}

func TestFilters(t *testing.T) {
	names := make(map[string]bool)
	for _, c := range servicetest.Filters() {
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
		for field, code := range c.Wrong {
			if field == "" || code == "" {
				t.Errorf("%s: a mistake is %q of %q", c.Name, code, field)
			}
		}
	}
}

func TestEmailPairs(t *testing.T) {
	same := 0
	for _, pair := range servicetest.EmailPairs() {
		if pair.A == pair.B {
			t.Errorf("%q is no pair with itself", pair.A)
		}
		if pair.Same {
			same++
		}
	}
	if same == 0 || same == len(servicetest.EmailPairs()) {
		t.Errorf("%d pairs are the same: want some of either kind", same)
	}
}
