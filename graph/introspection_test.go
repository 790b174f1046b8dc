package graph_test

import (
	"os"
	"strings"
	"testing"

	"github.com/userd/userd/graph"
)

func TestIntrospection(t *testing.T) {
	document, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		t.Fatal(err)
	}
	a := newFixture(t).post(string(document), nil)
	if a.path(t, "errors") != nil || !strings.Contains(a.body, "Which users to list") || strings.Contains(a.body, "@defer") {
		t.Error(a.body)
	}
}

func TestDirectivesOffered(t *testing.T) {
	newFixture(t).post(`{ __schema { directives { name } } }`, nil).is(t, `{"data": {"__schema": {"directives":
		[{"name": "deprecated"}, {"name": "include"}, {"name": "oneOf"}, {"name": "skip"}, {"name": "specifiedBy"}]}}}`)
	newFixture(t).post(`{ dateTime: __type(name: "DateTime") { specifiedByURL } email: __type(name: "EmailAddress") { specifiedByURL } }`, nil).
		is(t, `{"data": {"dateTime": {"specifiedByURL": "https://www.rfc-editor.org/rfc/rfc3339"}, "email": {"specifiedByURL": "https://www.rfc-editor.org/rfc/rfc6531"}}}`)
}

func TestNoIntrospection(t *testing.T) {
	f := newFixture(t, setup{config: graph.Config{NoIntrospection: true}})
	for _, document := range []string{
		`{ __schema { description } }`,
		`{ a: __type(name: "User") { name } }`,
		`{ ...F } fragment F on Query { ... { __schema { description } } }`,
		`query __schema { __schema { description } }`,
	} {
		a := f.post(document, nil)
		if a.code(t) != "GRAPHQL_VALIDATION_FAILED" || a.path(t, "errors", 0, "message") != "Introspection is switched off." || a.path(t, "data") != nil {
			t.Error(a.body)
		}
	}
	f.post(`query __schema { __schema: __typename }`, nil).is(t, `{"data": {"__schema": "Query"}}`)
}

// TestSuggestions spell out the schema, so they are part of introspection.
func TestSuggestions(t *testing.T) {
	on := newFixture(t)
	off := newFixture(t, setup{config: graph.Config{NoIntrospection: true}})
	for document, suggests := range map[string]bool{
		`{ usrs { totalCount } }`:                               true,
		`{ users(frst: 1) { totalCount } }`:                     true,
		`{ node(id: "x") { ...F } } fragment F on Userr { id }`: true,
		`{ users }`: true,
		`{ users(filter: {emal: "x"}) { totalCount } }`:                               false,
		`{ users(orderBy: {field: EMIAL}) { totalCount } }`:                           false,
		`query ($o: UserOrder = {fild: EMAIL}) { users(orderBy: $o) { totalCount } }`: false,
	} {
		for _, f := range []*fixture{on, off} {
			a := f.post(document, nil)
			if got := strings.Contains(a.body, "Did you mean"); a.code(t) != "GRAPHQL_VALIDATION_FAILED" || got != (suggests && f == on) {
				t.Error(a.body)
			}
		}
	}
}
