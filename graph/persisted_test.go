package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/userd/userd/graph"
)

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// persisted is the body of a POST that names a query by its hash.
func persisted(query, hash string) string {
	member := ""
	if query != "" {
		member = fmt.Sprintf(`"query": %q, `, query)
	}
	return fmt.Sprintf(`{%s"extensions": {"persistedQuery": {"version": 1, "sha256Hash": %q}}}`, member, hash)
}

func TestPersistedQueries(t *testing.T) {
	f := newFixture(t)
	const query = `{ users { totalCount } }`
	want := `{"data": {"users": {"totalCount": 0}}}`
	send := func(body string) answer { return f.send(http.MethodPost, body, accepting(graphqlType)) }

	if a := send(persisted("", hashOf(query))); a.status != 400 || a.code(t) != "PERSISTED_QUERY_NOT_FOUND" || a.path(t, "errors", 0, "message") != "PersistedQueryNotFound" {
		t.Errorf("unknown: %d %s", a.status, a.body)
	}
	send(persisted(query, hashOf(query))).is(t, want)
	send(persisted("", hashOf(query))).is(t, want)
	f.get(http.MethodGet, "extensions", `{"persistedQuery": {"version": 1, "sha256Hash": "`+hashOf(query)+`"}}`).is(t, want)
	f.get(http.MethodGet, "query", query, "extensions", `{"persistedQuery": null}`).is(t, want)
}

func TestPersistedMutationsStayOffGET(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	mutation := `mutation { deleteUser(input: {id: "x"}) { errors { code } } }`
	f.send(http.MethodPost, persisted(mutation, hashOf(mutation)), accepting(graphqlType))
	a := f.get(http.MethodGet, "extensions", `{"persistedQuery": {"version": 1, "sha256Hash": "`+hashOf(mutation)+`"}}`)
	if a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestPersistedQueriesRefused(t *testing.T) {
	f := newFixture(t)
	const query = `{ __typename }`
	for name, body := range map[string]string{
		"another query's hash": persisted(query, hashOf("{ a }")),
		"a short hash":         persisted(query, "abc"),
		"no hexadecimal":       persisted(query, strings.Repeat("z", 64)),
		"no hash":              `{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1}}}`,
		"another version":      strings.Replace(persisted(query, hashOf(query)), `"version": 1`, `"version": 2`, 1),
		"a version in a text":  strings.Replace(persisted(query, hashOf(query)), `"version": 1`, `"version": "1"`, 1),
		"no object":            `{"query": "{ __typename }", "extensions": {"persistedQuery": true}}`,
	} {
		if a := f.send(http.MethodPost, body, accepting(graphqlType)); a.status != 400 || a.code(t) != "BAD_REQUEST" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// TestInvalidQueriesAreNotKept: only what has been accepted takes memory.
func TestInvalidQueriesAreNotKept(t *testing.T) {
	f := newFixture(t)
	for _, query := range []string{`{ nothing }`, `{`, "{" + times(31, " a#: __typename") + "}"} {
		f.send(http.MethodPost, persisted(query, hashOf(query)), accepting(graphqlType))
		if a := f.send(http.MethodPost, persisted("", hashOf(query)), accepting(graphqlType)); a.code(t) != "PERSISTED_QUERY_NOT_FOUND" {
			t.Error(a.body)
		}
	}
}

// TestOldQueriesAreForgotten when the budget is spent.
func TestOldQueriesAreForgotten(t *testing.T) {
	f := newFixture(t, setup{config: graph.Config{Limits: graph.Limits{CacheBytes: 6000}}})
	query := func(i int) string { return fmt.Sprintf("query Q%d { __typename }", i) }
	for i := range 5 { // three of them have room
		if a := f.send(http.MethodPost, persisted(query(i), hashOf(query(i))), accepting(graphqlType)); a.code(t) != "" {
			t.Fatal(a.body)
		}
		f.send(http.MethodPost, persisted("", hashOf(query(0))), accepting(graphqlType)) // keeps the first one in use
	}
	for i, known := range []bool{true, false, false, true, true} {
		if a := f.send(http.MethodPost, persisted("", hashOf(query(i))), accepting(graphqlType)); (a.code(t) == "") != known {
			t.Errorf("%d: %s", i, a.body)
		}
	}
}
