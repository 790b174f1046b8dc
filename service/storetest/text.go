package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

func textCases() []contract {
	return []contract{
		{"every e-mail address that the service accepts is kept and found", func(t *testing.T, s service.Store) {
			byKey := make(map[string]service.Record)
			for _, c := range servicetest.Emails() {
				if _, double := byKey[c.Key]; double || !c.OK() {
					continue
				}
				r := user(c.Value())
				r.Keys.Email = c.Key
				create(t, s, r)
				byKey[c.Key] = r
			}
			wantAllFound(t, s, byKey)
		}},
		{"equal e-mail keys are one address, whatever was typed", func(t *testing.T, s service.Store) {
			for _, c := range servicetest.Emails() {
				if !c.OK() {
					continue
				}
				first, second := user(c.Key), user(c.Value())
				second.Keys.Email = c.Key
				create(t, s, first)
				wantError[*service.EmailTakenError](t, s.CreateUser(t.Context(), second))
				remove(t, s, first.User.ID)
			}
		}},
		{"every name that the service accepts is kept and found", func(t *testing.T, s service.Store) {
			for _, c := range servicetest.Names() {
				if !c.OK() {
					continue
				}
				r := user(c.Name)
				r.User.FirstName, r.Keys.FirstName = c.Value, c.Key
				r.User.LastName, r.Keys.LastName = c.Value, c.Key
				create(t, s, r)
				wantStored(t, s, r)
				wantList(t, s, service.ListQuery{Filter: service.Filter{Prefix: c.Key, EmailKey: c.Name}, Limit: 1}, r)
			}
		}},
		{"the longest texts are kept, ordered and found", func(t *testing.T, s service.Store) {
			long := strings.Repeat("\U0001d158\U0001d165\U0001d16e", 100) // 1200 bytes, the longest key of a name
			a := user(strings.Repeat("é", 127), named(long, long), withID(1))
			b := user(strings.Repeat("é", 126)+"è", named(long, long[:len(long)-4]+"\U0001d16f"), withID(2))
			a.PasswordHash = strings.Repeat("$", 500)
			create(t, s, a, b)
			wantStored(t, s, a)
			wantStored(t, s, b)
			wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByLastName}, Limit: all}, a, b)
			wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByEmail}, Limit: all}, b, a)
			wantList(t, s, service.ListQuery{Filter: service.Filter{Prefix: a.Keys.LastName}, Limit: all}, a, b)
			wantList(t, s, service.ListQuery{Filter: service.Filter{Prefix: b.Keys.LastName}, Limit: all}, b)
		}},
		{"text is kept as it is, normal or not", func(t *testing.T, s service.Store) {
			for _, value := range []string{"e\u0301", "é", " padded ", "'; DROP TABLE users; --", "%s$1?\\n", `{"a":1}`, "NULL", "\u200b", "\ufeff", "\uffff", "\U0010ffff"} {
				r := user(value)
				r.User.FirstName, r.User.LastName, r.PasswordHash = value, value, value
				r.Keys.FirstName, r.Keys.LastName = value, value
				create(t, s, r)
				wantStored(t, s, r)
			}
		}},
	}
}

// wantAllFound holds the store to these users, by their keys and in byte order.
func wantAllFound(t *testing.T, s service.Store, byKey map[string]service.Record) {
	t.Helper()
	var want []service.Record
	for key, r := range byKey {
		wantStored(t, s, r)
		wantList(t, s, service.ListQuery{Filter: service.Filter{EmailKey: key}, Limit: 2}, r)
		want = append(want, r)
	}
	slices.SortFunc(want, func(a, b service.Record) int { return strings.Compare(a.Keys.Email, b.Keys.Email) })
	wantList(t, s, service.ListQuery{Order: service.Order{Field: service.OrderByEmail}, Limit: all}, want...)
}
