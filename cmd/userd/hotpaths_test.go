package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// BenchmarkHotPaths is what is asked most, of the handler without net/http, of
// the service and of each store. scripts/benchstat compares two versions.
func BenchmarkHotPaths(b *testing.B) {
	operations := hotOperations(b)
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				operations[name]()
			}
		})
	}
}

// hotOperations are the operations by their names.
func hotOperations(t testing.TB) map[string]func() {
	h, id := hotHandler(t)
	changed, changedID := hotHandler(t) // what is read must stay as it is
	const fields = `id email firstName lastName isActive createdAt updatedAt`
	operations := map[string]func(){
		"rest: GET /users/{id}":  asker(t, h, "/users/"+id),
		"rest: GET /users of 50": asker(t, h, "/users"),
		"rest: POST /users:batch of 10": sender(t, changed, http.MethodPost, "/users:batch", func(n int) string {
			var users []string
			for i := range 10 {
				users = append(users, fmt.Sprintf(`{"email":"new%d.%d@example.com","first_name":"John","last_name":"Doe"}`, n, i))
			}
			return `{"users":[` + strings.Join(users, ",") + `]}`
		}),
		"rest: PUT /users/{id}/email": sender(t, changed, http.MethodPut, "/users/"+changedID+"/email", func(n int) string {
			return fmt.Sprintf(`{"email":"rest%d@example.com"}`, n)
		}),
		"graph: user": sender(t, h, http.MethodPost, "/graphql", func(int) string {
			return `{"query":"query($id: ID!) { user(id: $id) { ` + fields + ` } }","variables":{"id":"` + id + `"}}`
		}),
		"graph: users(first: 50)": sender(t, h, http.MethodPost, "/graphql", func(int) string {
			return `{"query":"{ users(first: 50) { nodes { ` + fields + ` } } }"}`
		}),
		"graph: updateUserEmail": sender(t, changed, http.MethodPost, "/graphql", func(n int) string {
			return fmt.Sprintf(`{"query":"mutation($email: EmailAddress!) { updateUserEmail(input: {id: \"%s\", email: $email}) { user { version } } }","variables":{"email":"graph%d@example.com"}}`, changedID, n)
		}),
	}
	addServiceOperations(t, operations)
	for name, store := range hotStores(t) {
		addStoreOperations(t, operations, name, store)
	}
	return operations
}

// sender returns a function that has h answer a request, whose body differs
// each time.
func sender(t testing.TB, h http.Handler, method, path string, body func(n int) string) func() {
	w, n := httptest.NewRecorder(), 0
	return func() {
		n++
		w.Body.Reset()
		clear(w.Header())
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body(n)))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(w, r)
		if w.Code > 299 || bytes.Contains(w.Body.Bytes(), []byte(`"errors":[{`)) {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
}

func addServiceOperations(t testing.TB, operations map[string]func()) {
	store := memory.New()
	t.Cleanup(func() { store.Close() })
	ids := fill(t, store)
	svc, ctx, n := service.New(store, service.Config{}), t.Context(), 0
	operations["service: User"] = func() {
		must(t)(svc.User(ctx, ids[0]))
	}
	operations["service: ListUsers of 50"] = func() {
		must(t)(svc.ListUsers(ctx, service.ListInput{}))
	}
	operations["service: UpdateUserEmail"] = func() {
		n++
		must(t)(svc.UpdateUserEmail(ctx, ids[0], service.Some(fmt.Sprintf("changed%d@example.com", n)), nil))
	}
}

// hotStores are all kinds of stores. Where PostgreSQL is not installed the test
// is skipped, unless CI is set.
func hotStores(t testing.TB) map[string]service.Store {
	file, err := memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), memory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sql, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.URL(t)})
	if err != nil {
		t.Fatal(err)
	}
	stores := map[string]service.Store{"memory": memory.New(), "file": file, "postgres": sql}
	for _, s := range stores {
		t.Cleanup(func() { s.Close() })
	}
	return stores
}

func addStoreOperations(t testing.TB, operations map[string]func(), name string, store service.Store) {
	ids, ctx, n := fill(t, store), t.Context(), 0
	operations[name+": User"] = func() {
		must(t)(store.User(ctx, ids[0]))
	}
	operations[name+": ListUsers of 50"] = func() {
		must(t)(store.ListUsers(ctx, service.ListQuery{Order: service.Order{Field: service.OrderByCreatedAt}, Limit: 50}))
	}
	operations[name+": UpdateUser"] = func() {
		n++
		email := fmt.Sprintf("changed%d@example.com", n)
		must(t)(store.UpdateUser(ctx, ids[0], service.Update{At: time.UnixMicro(int64(n)).UTC(), Email: &service.Text{Value: email, Key: email}}))
	}
}

// fill creates 50 users.
func fill(t testing.TB, store service.Store) (ids []uuid.UUID) {
	t.Helper()
	for i := range 50 {
		email, at := fmt.Sprintf("user%d@example.com", i), time.UnixMicro(int64(i)).UTC()
		r := service.Record{
			User: service.User{ID: uuid.Must(uuid.NewV7()), Email: email, FirstName: "John", LastName: "Doe", IsActive: true, Version: 1, CreatedAt: at, UpdatedAt: at},
			Keys: service.Keys{Email: email, FirstName: "john", LastName: "doe"},
		}
		if err := store.CreateUser(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.User.ID)
	}
	return ids
}

// must returns a function that fails the test when it is given an error.
func must(t testing.TB) func(_ any, err error) {
	return func(_ any, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
}
