package exec_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// TestSubgraphFields: the fields that gqlgen does not take for fields of Query
// are answered by its resolver all the same.
func TestSubgraphFields(t *testing.T) {
	answers(t, map[string]string{
		`{ _service { __typename sdl } }`: `{"data":{"_service":{"__typename":"_Service","sdl":"`,
		`{ _entities(representations: [{__typename: \"User\", id: \"01890a5d-ac96-774b-bcce-b302099a8057\"}]) { __typename } }`: `{"data":{"_entities":[null]}}`,
		`{ _entities(representations: [{}, {}]) { __typename } }`:                                                               `"data":{"_entities":[null,null]}}`,
	})
}

// answers holds a service without users to what the answers to queries contain.
func answers(t *testing.T, wants map[string]string) {
	t.Helper()
	server := httptest.NewServer(graph.New(service.New(memory.New(), service.Config{}), graph.Config{}))
	t.Cleanup(server.Close)
	for query, want := range wants {
		response, err := http.Post(server.URL, "application/json", strings.NewReader(`{"query": "`+query+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %v, %s", query, err, body)
		}
	}
}

// TestQueriesOfOneFieldAndOthers are answered alike, whichever way they go.
func TestQueriesOfOneFieldAndOthers(t *testing.T) {
	answers(t, map[string]string{
		`{ users { __typename } }`:                  `{"data":{"users":{"__typename":"UserConnection"}}}`,
		`{ users { __typename } me { id } }`:        `{"data":{"users":{"__typename":"UserConnection"},"me":null}}`,
		`{ ... on Query { users { __typename } } }`: `{"data":{"users":{"__typename":"UserConnection"}}}`,
		`{ users @skip(if: true) { __typename } }`:  `{"data":{}}`,
		`{ users(first: -1) { __typename } }`:       `"data":null`,
		`{ users { ... on UserConnection { edges { ... on UserEdge { node { ... on User { id } } } } pageInfo { ... on PageInfo { hasNextPage } } } } }`: `{"data":{"users":{"edges":[],"pageInfo":{"hasNextPage":false}}}}`,
	})
}
