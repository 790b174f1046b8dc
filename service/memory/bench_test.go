package memory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// populated is a store of n users: every tenth is inactive, every thousandth
// is called Rare, and all are called Common.
func populated(b *testing.B, n int) (*memory.Store, []uuid.UUID) {
	b.Helper()
	s := memory.New()
	b.Cleanup(func() { s.Close() })
	ids := make([]uuid.UUID, n)
	for i := range ids {
		r := benchRecord(i)
		ids[i] = r.User.ID
		if err := s.CreateUser(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	return s, ids
}

func benchRecord(i int) service.Record {
	last := fmt.Sprintf("name %d", i*7919%10_007)
	if i%1000 == 0 {
		last = "rare " + last
	}
	email, at := fmt.Sprintf("user%d@example.com", i), time.UnixMicro(int64(i)).UTC()
	return service.Record{
		User: service.User{
			ID: uuid.Must(uuid.NewV7()), Email: email, FirstName: "Common", LastName: last,
			IsActive: i%10 > 0, Version: 1, CreatedAt: at, UpdatedAt: at,
		},
		Keys: service.Keys{Email: email, FirstName: "common", LastName: last},
	}
}

var sizes = []int{1_000, 100_000}

func BenchmarkUser(b *testing.B) {
	for _, n := range sizes {
		s, ids := populated(b, n)
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := s.User(b.Context(), ids[i*7919%n]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkListUsers reads pages of 50 from all over the list.
func BenchmarkListUsers(b *testing.B) {
	yes, no := true, false
	filters := []struct {
		name   string
		filter service.Filter
	}{
		{"all", service.Filter{}},
		{"active", service.Filter{IsActive: &yes}},
		{"inactive", service.Filter{IsActive: &no}},
		{"prefix=all", service.Filter{Prefix: "common"}},
		{"prefix=tenth", service.Filter{Prefix: "name 1"}},
		{"prefix=few", service.Filter{Prefix: "rare"}},
		{"prefix=none", service.Filter{Prefix: "nobody"}},
		{"email", service.Filter{EmailKey: "user77@example.com"}},
	}
	for _, n := range sizes {
		s, _ := populated(b, n)
		for _, f := range filters {
			for _, field := range service.OrderFields() {
				b.Run(fmt.Sprintf("users=%d/%s/by=%s", n, f.name, field), func(b *testing.B) {
					benchPages(b, s, service.ListQuery{Filter: f.filter, Order: service.Order{Field: field}, Limit: 50})
				})
			}
		}
	}
}

// benchPages reads one page after the other, from the start again at the end.
func benchPages(b *testing.B, s *memory.Store, q service.ListQuery) {
	b.ReportAllocs()
	for b.Loop() {
		page, err := s.ListUsers(b.Context(), q)
		if err != nil {
			b.Fatal(err)
		}
		q.After = nil
		if len(page) == q.Limit {
			after := page[len(page)-1].Position(q.Order.Field)
			q.After = &after
		}
	}
}

func BenchmarkCountUsers(b *testing.B) {
	for _, n := range sizes {
		s, _ := populated(b, n)
		for _, prefix := range []string{"", "common", "name 1", "rare"} {
			b.Run(fmt.Sprintf("users=%d/prefix=%s", n, prefix), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.CountUsers(b.Context(), service.Filter{Prefix: prefix}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkCreateUser(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			s, _ := populated(b, n)
			b.ReportAllocs()
			for i := n; b.Loop(); i++ {
				if err := s.CreateUser(b.Context(), benchRecord(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkUpdateUser(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			s, ids := populated(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				name := fmt.Sprintf("renamed %d", i)
				u := service.Update{At: time.UnixMicro(int64(i)), LastName: &service.Text{Value: name, Key: name}}
				if _, err := s.UpdateUser(b.Context(), ids[i*7919%n], u); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
