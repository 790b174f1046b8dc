package graph_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/userd/userd/graph"
)

// times repeats a part with its number put in.
func times(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// nested is open n times and then close as often, round a middle.
func nested(n int, open, middle, close string) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(close, n)
}

// TestLimits: for each limit the largest document that it lets through, and the
// next one. Refusing must not depend on what the document says: it happens
// before validation.
func TestLimits(t *testing.T) {
	f := newFixture(t, setup{config: graph.Config{Limits: graph.Limits{DocumentBytes: 4000}}})
	const included = " a#: users { nodes { id @include(if: $y) email @include(if: $y) version @skip(if: $y) firstName @skip(if: $y) } totalCount @skip(if: $y) }"
	for _, c := range []struct {
		limit    string
		most     float64
		within   string
		tooLarge string
	}{
		{"documentBytes", 4000, `{ __typename }` + strings.Repeat(" ", 3986), `{ __typename }` + strings.Repeat(" ", 3987)},
		{"tokens", 1000, `{ __typename }` + strings.Repeat("#\n", 997), `{ __typename }` + strings.Repeat("#\n", 998)},
		{"depth", 15, `{ __type(name: "X") {` + nested(13, " ofType {", " name", " }") + " } }", `{ __type(name: "X") {` + nested(14, " ofType {", " name", " }") + " } }"},
		{"rootFields", 20, "{" + times(10, " a#: __typename") + times(10, " __typename") + " }", "{" + times(11, " a#: __typename") + times(10, " __typename") + " }"},
		{"rootFields", 20, "{ ...F ...F }" + " fragment F on Query { " + times(10, " b#: __typename") + "}", "{ ...F __typename ...F }" + " fragment F on Query { " + times(10, " c#: __typename") + "}"},
		{"fields", 500, fiveHundred(""), fiveHundred("totalCount")},
		{"aliases", 30, `{ users { pageInfo {` + times(30, " a#: hasNextPage") + " } } }", `{ users { pageInfo {` + times(31, " a#: hasNextPage") + " } } }"},
		{"sameKey", 10, `{ __typename` + strings.Repeat(" __typename", 9) + ` }`, `{ __typename` + strings.Repeat(" __typename", 10) + ` }`},
		{"sameKey", 10, "{" + strings.Repeat(" users { totalCount totalCount }", 10) + " }", "{ users {" + strings.Repeat(" ... { totalCount totalCount }", 5) + " totalCount } }"},
		{"directives", 50, "query ($y: Boolean = true) {" + times(10, included) + " }", "query ($y: Boolean = true) {" + times(10, included) + " __typename @skip(if: false) }"},
		{"fragments", 30, "{ ...F0 }" + chain(30, 1, "__typename"), "{ ...F0 }" + chain(31, 1, "__typename")},
		{"valueDepth", 10, "", `{ users(filter: ` + nested(11, "[", "", "]") + `) { totalCount } }`},
		{"valueDepth", 10, "", `query ($x: [ID] = ` + nested(11, "[", "", "]") + `) { __typename }`},
		{"valueDepth", 10, "", `{ __typename @skip(if: ` + nested(11, "{ a: ", "1", "}") + `) }`},
	} {
		t.Run(c.limit, func(t *testing.T) {
			if c.within != "" {
				if a := f.post(c.within, nil); a.code(t) != "" {
					t.Errorf("within: %s", a.body)
				}
			}
			a := f.post(c.tooLarge, nil)
			e, _ := a.path(t, "errors", 0, "extensions").(map[string]any)
			if e["code"] != "LIMIT_EXCEEDED" || e["limit"] != c.limit || e["max"] != c.most {
				t.Errorf("beyond: %s", a.body)
			}
		})
	}
}

// TestEverydayDocumentsPass: what clients and tools send is within the limits.
func TestEverydayDocumentsPass(t *testing.T) {
	f := newFixture(t)
	introspection, err := os.ReadFile("testdata/introspection.graphql") // graphql-js 16, all options on
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]string{
		"introspection":    string(introspection),
		"deep spreading":   "{" + nested(300, " ... {", " __typename", " }") + " }",
		"a list of ids":    `{ usersByIds(ids: [` + strings.Repeat(`"`+id(1)+`" `, 200) + `]) { id } }`,
		"lists and counts": `{ active: users(filter: {isActive: true}) { totalCount } inactive: users(filter: {isActive: false}) { totalCount } }`,
		"Apollo's __typename": `query Users($after: String) { users(first: 50, after: $after) { edges { cursor node { ...User __typename } __typename }
			pageInfo { endCursor hasNextPage __typename } __typename } } fragment User on User { id email firstName lastName __typename }`,
		"a page of many components": "{ users { nodes {" + times(30, " ...Part#") + " } } }" + times(30, " fragment Part# on User { id email }"),
	} {
		if a := f.post(document, nil); a.path(t, "errors") != nil {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}

// fiveHundred is a document of 500 fields, and what is put into its first list:
// twenty lists of 25 fields each.
func fiveHundred(more string) string {
	return "{ a: users { ...F " + more + " }" + times(19, " a#: users { ...F }") + " }" +
		" fragment F on UserConnection { nodes { ...U } edges { cursor node { ...U } } pageInfo { endCursor startCursor hasNextPage } }" +
		" fragment U on User { id email version isActive firstName lastName createdAt updatedAt }"
}

// chain is n fragments on Query, each but the last spreading the next one as
// often as it says.
func chain(n, spreads int, last string) string {
	var b strings.Builder
	for i := range n - 1 {
		next := strings.Repeat(fmt.Sprintf(" ...F%d", i+1), spreads)
		fmt.Fprintf(&b, " fragment F%d on Query {%s }", i, next)
	}
	fmt.Fprintf(&b, " fragment F%d on Query { %s }", n-1, last)
	return b.String()
}

// TestAttacks: what is small to send and would be expensive to validate or to
// run is refused by a limit.
func TestAttacks(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct{ name, document, limit string }{
		{"doubling fragments", "{ ...F0 }" + chain(24, 2, "__schema { description }"), "rootFields"},
		{"doubling fragments, below a field", "{ users { ...F0 } }" + strings.ReplaceAll(chain(24, 2, "totalCount"), "on Query", "on UserConnection"), "fields"},
		{"doubling fragments that nobody spreads", "{ __typename }" + chain(24, 2, "__typename"), "fields"},
		{"doubling fragments to one that is missing", "{ users { ...F0 } }" + chain(24, 2, "...Missing"), "fields"},
		{"a fragment named __schema", "{ users { ...__schema } }" + strings.ReplaceAll(chain(24, 2, "totalCount"), "F0", "__schema"), "fields"},
		{"an operation named __schema", "query __schema { users { ...F0 } }" + chain(24, 2, "totalCount"), "fields"},
		{"a field renamed to __schema", "{" + times(21, " __schema#: __typename") + " }", "rootFields"},
		{"one field, again and again", "{" + strings.Repeat(" __typename", 2500) + " }", "tokens"},
		{"one field, again and again, within tokens", "{ users {" + strings.Repeat(" totalCount", 400) + " } }", "sameKey"},
		{"repeated fields in repeated fields", "{" + strings.Repeat(" users {"+strings.Repeat(" totalCount", 20)+" }", 20) + " }", "sameKey"},
		{"repeated fields in repeated fragments", "{ users {" + strings.Repeat(" ...F", 300) + " } } fragment F on UserConnection {" + strings.Repeat(" totalCount", 300) + " }", "sameKey"},
		{"nested introspection", `{ __type(name: "User") {` + nested(40, " fields { type {", " name", " } }") + " } }", "depth"},
		{"nested nothing", nested(300, "{ users ", "{ __typename }", " }"), "depth"},
		{"aliased logins", "mutation {" + times(60, ` a#: deleteUser(input: {id: "x"}) { deletedUserId }`) + " }", "rootFields"},
		{"aliases in aliases", "{ users { nodes {" + times(60, " a#: id") + " } } }", "aliases"},
		{"aliases in many operations", times(40, " query Q# { a: __typename }"), "aliases"},
		{"directives on one field", "{ __typename" + strings.Repeat(" @skip(if: false)", 120) + " }", "directives"},
		{"directives on variables", "query (" + times(60, " $v#: Int @a") + ") { __typename }", "directives"},
		{"directives on fragments", "{ ...F @a @a @a } fragment F on Query @a @a" + strings.Repeat(" @a", 60) + " { ... @a { __typename } }", "directives"},
		{"many fragments", "{ ...F0 }" + times(60, " fragment F# on Query { __typename }"), "fragments"},
		{"many operations", times(100, " query Q# { users { nodes { id email version isActive firstName } } }"), "tokens"},
		{"a long name", "{ " + strings.Repeat("x", 40000) + " }", "documentBytes"},
		{"a long comment", "{ __typename } #" + strings.Repeat("x", 40000), "documentBytes"},
		{"a deep value", "{ users(filter: " + nested(490, "[", "", "]") + ") { totalCount } }", "valueDepth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.send(http.MethodPost, request(t, c.document, nil), accepting(graphqlType))
			if a.path(t, "errors", 0, "extensions", "limit") != c.limit || a.status != 400 {
				t.Error(a.body)
			}
		})
	}
}
