package graph_test

import (
	"strings"
	"testing"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/service"
)

const entities = `query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on User { id firstName } } }`

// user is a representation.
func user(id string) vars { return vars{"__typename": "User", "id": id} }

func TestEntities(t *testing.T) {
	f := three(t)
	bob := `{"__typename": "User", "id": "` + id(3) + `", "firstName": "Bob"}`
	for _, c := range []struct {
		name  string
		query string
		vars  vars
		want  string
	}{
		{
			"in the order asked for, with nulls and repetitions",
			entities, vars{"r": []vars{user(id(3)), user(id(9)), user(id(3))}},
			`{"data": {"_entities": [` + bob + `, null, ` + bob + `]}}`,
		},
		{
			"other fields of a representation are not looked at",
			entities, vars{"r": []vars{user(id(3)).with(vars{"firstName": "Rob", "tags": []any{1, nil}})}},
			`{"data": {"_entities": [` + bob + `]}}`,
		},
		{
			"in the document itself",
			`{ _entities(representations: [{__typename: "User", id: "` + id(3) + `", n: {a: [1]}}]) { ... on User { firstName } } }`, nil,
			`{"data": {"_entities": [{"firstName": "Bob"}]}}`,
		},
		{
			"in part in the document",
			`query ($id: ID!) { _entities(representations: [{__typename: "User", id: $id}]) { ... on User { firstName } } }`, vars{"id": id(3)},
			`{"data": {"_entities": [{"firstName": "Bob"}]}}`,
		},
		{
			"none",
			entities, vars{"r": []vars{}},
			`{"data": {"_entities": []}}`,
		},
		{
			"one is of another type",
			`{ _entities(representations: [{__typename: "User", id: "` + id(3) + `"}, {__typename: "Product", id: "` + id(3) + `"}]) { __typename } }`, nil,
			`{"errors": [` + invalid("_entities", "representations", "INVALID", "A representation has the __typename User.") + `], "data": {"_entities": [null, null]}}`,
		},
		{
			"one has no id",
			`{ _entities(representations: {__typename: "User", id: 5}) { __typename } }`, nil,
			`{"errors": [` + invalid("_entities", "representations", "INVALID", badID) + `], "data": {"_entities": [null]}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) { f.post(c.query, c.vars).is(t, c.want) })
	}
}

func TestEntitiesAreAsManyAsTheServiceTakes(t *testing.T) {
	f := newFixture(t)
	many := make([]vars, service.MaxIDs)
	for i := range many {
		many[i] = user(id(i))
	}
	if a := f.post(entities, vars{"r": many}); a.code(t) != "" {
		t.Error(a.body)
	}
	a := f.post(entities, vars{"r": append(many, user(id(1000)))})
	if field := a.path(t, "errors", 0, "extensions", "fields", 0, "field"); a.code(t) != "INVALID_INPUT" || field != "representations" {
		t.Error(a.body)
	}
}

// TestRepresentationsAreObjects, wherever they come from.
func TestRepresentationsAreObjects(t *testing.T) {
	f := newFixture(t)
	for _, wrong := range []string{`"User"`, `5`, `true`, `null`, `[[{}]]`} {
		a := f.post(`{ _entities(representations: [`+wrong+`]) { __typename } }`, nil)
		if a.code(t) != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s in the document: %s", wrong, a.body)
		}
		a = f.post(entities, vars{"r": []any{parse(t, wrong)}})
		if a.code(t) != "GRAPHQL_VALIDATION_FAILED" {
			t.Errorf("%s in a variable: %s", wrong, a.body)
		}
	}
}

// TestEntitiesHaveLimits: those of every list.
func TestEntitiesHaveLimits(t *testing.T) {
	f := newFixture(t)
	a := f.post(`query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { history { nodes { at } } } } }`, vars{"r": []vars{}})
	if a.code(t) != "GRAPHQL_VALIDATION_FAILED" || !strings.Contains(a.body, "User.history") {
		t.Error(a.body)
	}
	a = f.post(`{ _entities(representations: {n: `+strings.Repeat(`[`, 20)+strings.Repeat(`]`, 20)+`}) { __typename } }`, nil)
	if a.code(t) != "LIMIT_EXCEEDED" {
		t.Error(a.body)
	}
}

func TestSubgraph(t *testing.T) {
	const query = `{ _service { sdl } }`
	sdl, _ := newFixture(t).post(query, nil).path(t, "data", "_service", "sdl").(string)
	for _, part := range []string{
		`extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])`,
		`type User implements Node @key(fields: "id") {`,
		`type PageInfo @shareable {`,
		`type Query {`,
	} {
		if strings.Count(sdl, part) != 1 {
			t.Errorf("there is not one %s in %s", part, sdl)
		}
	}
	if strings.Contains(sdl, "_entities") {
		t.Error("the schema for a composition has what is for routers")
	}
	a := newFixture(t, setup{config: graph.Config{NoIntrospection: true}}).post(query, nil)
	if a.code(t) != "GRAPHQL_VALIDATION_FAILED" || strings.Contains(a.body, "type User") {
		t.Error(a.body)
	}
}
