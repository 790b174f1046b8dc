package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/userd/userd/service"
)

func filterCases() []contract {
	yes, no := true, false
	return []contract{
		{"an e-mail key selects the one user who has it", func(t *testing.T, s service.Store) {
			a, b := user("ada@example.com"), user("ada@example.com.org", inactive)
			create(t, s, a, b, user("Ada@example.com"))
			for _, o := range orders() {
				wantList(t, s, service.ListQuery{Filter: service.Filter{EmailKey: "ada@example.com"}, Order: o, Limit: 1}, a)
				wantList(t, s, service.ListQuery{Filter: service.Filter{EmailKey: "ada@example.com.org"}, Order: o, Limit: 1}, b)
				wantList(t, s, service.ListQuery{Filter: service.Filter{EmailKey: "ada@example"}, Order: o, Limit: 1})
			}
		}},
		{"a prefix selects by the three keys", func(t *testing.T, s service.Store) {
			byEmail, byFirst, byLast := user("xyz@example.com", named("A", "B")), user("a@example.com", named("Xyz", "B")), user("b@example.com", named("A", "Xyz"))
			create(t, s, byEmail, byFirst, byLast, user("c@example.com", named("Wxyz", "xy")))
			q := service.ListQuery{Filter: service.Filter{Prefix: "xyz"}, Order: service.Order{Field: service.OrderByEmail}, Limit: all}
			wantList(t, s, q, byFirst, byLast, byEmail)
		}},
		{"who has the prefix in several keys is listed and counted once", func(t *testing.T, s service.Store) {
			records := []service.Record{
				user("ada1", named("Ada", "Ada")), user("ada2", named("Ada", "B")), user("ada3", named("B", "Ada")), user("b", named("Ada", "Ada")),
				user("ada4", named("Ada", "Ada"), inactive),
			}
			create(t, s, records...)
			for _, o := range orders() {
				wantList(t, s, service.ListQuery{Filter: service.Filter{Prefix: "ada"}, Order: o, Limit: all}, sorted(records, o)...)
			}
			wantCount(t, s, service.Filter{Prefix: "ada"}, 5)
		}},
		{"a whole key is a prefix of itself", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			for prefix, n := range map[string]int{"ada@example.com": 1, "ada@example.com ": 0, "ada": 1, "lovelace": 1, "lovelaces": 0, "velace": 0} {
				wantCount(t, s, service.Filter{Prefix: prefix}, n)
			}
		}},
		{"no character of a prefix stands for others", func(t *testing.T, s service.Store) {
			for _, prefix := range []string{"%", "_", `\`, "a%", "a_", `a\`, `\%`, `%%`, "[a-z]", "a*", "a?", ".*", "^", "'", `"`, "''--"} {
				wantPrefix(t, s, prefix)
			}
		}},
		{"a prefix may end in any character", func(t *testing.T, s service.Store) {
			for _, prefix := range []string{"é", "a\u007f", "a\u07ff", "a\uffff", "\U0010ffff", "a\U0010ffff\U0010ffff", "\u4e2d", "😀", "e\u0301"} {
				wantPrefix(t, s, prefix)
			}
		}},
		{"a prefix is compared byte by byte", func(t *testing.T, s service.Store) {
			for _, prefix := range []string{"stra", "STRA", "Stra", "é", "É", "e\u0301", "fi", "ﬁ", "ss", "ß"} {
				wantPrefix(t, s, prefix)
			}
			create(t, s, user("straße"), user("é"), user("ﬁ"))
			for _, prefix := range []string{"STRA", "Stra", "strass", "e", "e\u0301", "fi", "E"} {
				wantCount(t, s, service.Filter{Prefix: prefix}, 0)
			}
		}},
		{"is_active selects by it", func(t *testing.T, s service.Store) {
			on, off := user("on@example.com"), user("off@example.com", inactive)
			create(t, s, on, off)
			wantList(t, s, service.ListQuery{Filter: service.Filter{IsActive: &yes}, Limit: all}, on)
			wantList(t, s, service.ListQuery{Filter: service.Filter{IsActive: &no}, Limit: all}, off)
			wantCount(t, s, service.Filter{IsActive: &yes}, 1)
			wantCount(t, s, service.Filter{IsActive: &no}, 1)
		}},
		{"all filters combine with every order", allCombinations},
	}
}

// wantPrefix creates users who have prefix and some who have something like it
// in its place, and holds the search to the former.
func wantPrefix(t *testing.T, s service.Store, prefix string) {
	t.Helper()
	var with []service.Record
	for i, key := range []string{prefix, prefix + "z", prefix + prefix, prefix + "\U0010ffff"} {
		first, last := user(fmt.Sprintf("first%d%s", i, prefix)), user(fmt.Sprintf("last%d%s", i, prefix))
		first.Keys.FirstName, last.Keys.LastName = key, key
		with = append(with, first, last)
	}
	with = append(with, user(prefix+"@"))
	runes := []rune(prefix)
	start := string(runes[:len(runes)-1])
	without := []service.Record{user("1" + prefix), user("2"+prefix, named(start, start)), user("3"+prefix, named(start+"z", start+"zz"))}
	for i, like := range []string{strings.ToUpper(prefix), strings.ToLower(prefix), norm.NFD.String(prefix), norm.NFKC.String(prefix)} {
		if r := user(fmt.Sprint(i+4) + prefix); like != prefix {
			r.Keys.FirstName, r.Keys.LastName = like, like
			without = append(without, r)
		}
	}
	create(t, s, with...)
	create(t, s, without...)
	for _, o := range orders() {
		for _, limit := range []int{2, all} {
			q := service.ListQuery{Filter: service.Filter{Prefix: prefix}, Order: o, Limit: limit}
			wantList(t, s, q, answer(slices.Concat(with, without), q)...)
		}
	}
	wantCount(t, s, service.Filter{Prefix: prefix}, len(with))
	for _, r := range slices.Concat(with, without) {
		remove(t, s, r.User.ID)
	}
}

// matches tells whether f selects r.
func matches(r service.Record, f service.Filter) bool {
	if f.EmailKey != "" && r.Keys.Email != f.EmailKey || f.IsActive != nil && r.User.IsActive != *f.IsActive {
		return false
	}
	for _, key := range []string{r.Keys.Email, r.Keys.FirstName, r.Keys.LastName} {
		if strings.HasPrefix(key, f.Prefix) {
			return true
		}
	}
	return false
}

func allCombinations(t *testing.T, s service.Store) {
	records := mixedUsers(40)
	create(t, s, records...)
	yes, no := true, false
	for _, email := range []string{"", records[0].Keys.Email, records[1].Keys.Email, "nobody"} {
		for _, prefix := range []string{"", "a", "ø", "zuse", "a0", "nobody"} {
			for _, active := range []*bool{nil, &yes, &no} {
				f := service.Filter{EmailKey: email, Prefix: prefix, IsActive: active}
				wantFiltered(t, s, records, f)
			}
		}
	}
}

// wantFiltered holds lists and counts by f to what of records it selects.
func wantFiltered(t *testing.T, s service.Store, records []service.Record, f service.Filter) {
	t.Helper()
	for _, o := range orders() {
		for _, limit := range []int{1, 5, all} {
			q := service.ListQuery{Filter: f, Order: o, Limit: limit}
			wantList(t, s, q, answer(records, q)...)
		}
	}
	wantCount(t, s, f, len(answer(records, service.ListQuery{Filter: f, Limit: all})))
}
