package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// BenchmarkReads is what the handler takes for reads, without the connection
// and without what stands before the handler.
func BenchmarkReads(b *testing.B) {
	svc := service.New(memory.New(), service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}})
	var id string
	for i := range 50 {
		u, err := svc.CreateUser(b.Context(), service.UserInput{Email: service.Some(fmt.Sprintf("user%d@example.com", i)),
			FirstName: service.Some("First"), LastName: service.Some("Last"), Password: service.Some("difference engine")})
		if err != nil {
			b.Fatal(err)
		}
		id = u.ID.String()
	}
	h := graph.New(svc, graph.Config{})
	const fields = "{ id email firstName lastName isActive version createdAt }"
	for _, c := range []struct{ name, query, variables string }{
		{"user", "query User($id: ID!) { user(id: $id) " + fields + " }", fmt.Sprintf(`{"id":"%v"}`, id)},
		{"nodes", "query Users { users(first: 50) { nodes " + fields + " } }", "{}"},
		{"edges", "query Users { users(first: 50) { edges { cursor node " + fields + " } pageInfo { hasNextPage endCursor } } }", "{}"},
	} {
		body := fmt.Sprintf(`{"query":%q,"variables":%s}`, c.query, c.variables)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
				r.Header["Content-Type"] = []string{"application/json"}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"errors"`) {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
