package graph

import (
	stdjson "encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// FuzzDecodeBody: what is taken for a body is JSON in which nothing is too
// deep, and what is said about the others does not repeat them.
func FuzzDecodeBody(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `{"query": "{ __typename }", "variables": {"a": [1, -0, 1.5, 1e400, "x", null, true, {"b": []}]}}`,
		`{"query": 1}`, `{"query": "a", "query": "b"}`, `{"variables": {"a": [[[[[[[[[[[[]]]]]]]]]]]]}}`,
		`{"other": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}`, "{\"variables\": {\"\xff\": 1}}", `{"extensions": {"persistedQuery": {"version": 1}}} x`,
	} {
		f.Add(body)
	}
	const depth = 10
	f.Fuzz(func(t *testing.T, body string) {
		params, err := decodeBody([]byte(body), depth)
		if err != nil {
			if strings.Contains(body, "SECRET") && strings.Contains(err.Message, "SECRET") {
				t.Errorf("%q repeats %q", err.Message, body)
			}
			return
		}
		if !stdjson.Valid([]byte(body)) {
			t.Errorf("%q is no JSON", body)
		}
		for _, v := range params.Variables {
			if d := depthOf(v); d > depth {
				t.Errorf("%q has values %d deep", body, d)
			}
		}
	})
}

func depthOf(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			deepest = max(deepest, depthOf(x))
		}
		return deepest + 1
	case []any:
		for _, x := range v {
			deepest = max(deepest, depthOf(x))
		}
		return deepest + 1
	}
	return 0
}

// FuzzDocument: no text makes admission panic, and of every document that is
// within the limits, counting it out with all fragments spread, without a
// memory of any, comes to the same size.
func FuzzDocument(f *testing.F) {
	introspection, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		string(introspection),
		`{ users(first: 1, filter: {email: "x"}) { a: nodes { ...F } } } fragment F on User { id email ... on User { id } }`,
		`query Q($x: ID! = "x", $y: [ID!]) @include(if: true) { user(id: $x) { id } usersByIds(ids: $y) { id } }`,
		`query ($i: ID = 1) { _entities(representations: [{__typename: "User", id: $i, a: {b: [$i, x]}}]) { ... on User { id } } }`,
		`mutation { updateUser(input: {id: 1, isActive: null, email: "x"}) { errors { code } } }`,
		`{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A }`,
		`{ ...A ...A } fragment A on Query { ...B ...B } fragment B on Query { b: __typename ...Missing }`,
		`fragment A on Query { __typename } fragment A on Query { ...A } { ...A }`,
		`subscription { x }`, `type T { a: Int }`, "\"\"\"", "{ a(b: \"\\u{1F600}\") }",
	} {
		f.Add(text)
	}
	schema, rules, limits := servedSchema(), validationRules(true), Limits{}.WithDefaults()
	f.Fuzz(func(t *testing.T, text string) {
		if doc, errs := newDocument(text, schema, rules, limits); errs == nil {
			_, _ = doc.operation("")
			for _, op := range doc.parsed.Operations {
				_, _ = doc.coerce(schema, op, nil)
			}
		}
		parsed, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil || checkText(text, limits) != nil || checkSize(parsed, limits) != nil {
			return
		}
		var want size
		for _, op := range parsed.Operations {
			s := spreadOut(parsed, op.SelectionSet)
			root := max(want.root, s.root)
			want.add(s)
			want.root = root
		}
		if got := newMeasurer(parsed).document(parsed); got.root != want.root ||
			got.fields < want.fields || got.aliases < want.aliases || got.depth < want.depth || len(parsed.Fragments) == 0 && got != want {
			t.Errorf("got %+v, want %+v of %q", got, want, text)
		}
	})
}

// spreadOut measures a selection the slow way.
func spreadOut(doc *ast.QueryDocument, set ast.SelectionSet) (total size) {
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			s := spreadOut(doc, it.SelectionSet)
			s = size{fields: s.fields + 1, root: 1, aliases: s.aliases, depth: s.depth + 1}
			if it.Alias != it.Name {
				s.aliases++
			}
			total.add(s)
		case *ast.InlineFragment:
			total.add(spreadOut(doc, it.SelectionSet))
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(it.Name); f != nil {
				total.add(spreadOut(doc, f.SelectionSet))
			} else {
				total.add(size{fields: 1, root: 1, depth: 1})
			}
		}
	}
	return total
}
