package graph

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// TestAnswersAreThoseOfGeneratedCode, byte for byte.
func TestAnswersAreThoseOfGeneratedCode(t *testing.T) {
	b, ids := newBoth(t, service.Config{})
	vars := map[string]any{"id": ids[1], "list": []any{ids[2], uuid.Nil.String(), ids[0]}, "yes": true}
	declarations := map[string]string{"$id": "ID!", "$list": "[ID!]!", "$yes": "Boolean!", "$no": "Boolean = false", "$size": "Int = 2"}
	all := " { __typename " + strings.Join(leaves(t, "User"), " ") + " } "
	pageInfo := "pageInfo { __typename " + strings.Join(leaves(t, "PageInfo"), " ") + " }"
	for name, query := range map[string]string{
		"one user":                   "{ user(id: $id)" + all + "}",
		"renamed":                    "{ u: user(id: $id) { a: id b: id id } }",
		"nobody":                     `{ user(id: "01900000-0000-7000-8000-000000000000")` + all + "}",
		"no id":                      `{ user(id: "x")` + all + "}",
		"a store that fails":         `{ user(id: "` + unavailable.String() + `")` + all + "}",
		"a store that panics":        `{ user(id: "` + panicked.String() + `")` + all + "}",
		"by address":                 `{ userByEmail(email: "A@example.COM")` + all + "}",
		"nobody by address":          `{ userByEmail(email: "z@example.com")` + all + "}",
		"users by ids":               "{ usersByIds(ids: $list)" + all + "}",
		"no users by ids":            "{ usersByIds(ids: [])" + all + "}",
		"users by ids that fail":     `{ usersByIds(ids: ["` + unavailable.String() + `"])` + all + "}",
		"a page":                     "{ users(first: $size) { nodes" + all + "edges { __typename cursor node" + all + "} " + pageInfo + " totalCount } }",
		"a page and no count":        "{ u: users(first: $size) { __typename i: " + pageInfo + " e: edges { __typename c: cursor n: node" + all + "} n: nodes" + all + "} }",
		"an empty page and no count": `{ users(filter: {query: "nobody"}) { nodes` + all + pageInfo + " } }",
		"the page's end alone":       "{ users(first: 1) { pageInfo { endCursor } pageInfo { e: endCursor startCursor } } }",
		"directives in a page":       "{ users { nodes @skip(if: $yes) { id } ...P @include(if: $yes) edges @include(if: $no) { cursor } } } fragment P on UserConnection { nodes { id @skip(if: $no) } }",
		"history below a page":       "{ users { nodes { id history { nodes { kind } } } } }",
		"somebody who is nobody":     "{ me" + all + "}",
		"sessions":                   "{ sessions(userId: $id) { label } }",
		"sessions beside a user":     "{ user(id: $id)" + all + " sessions(userId: $id) { label } }",
		"a client that leaves":       `{ user(id: "` + givenUpOn.String() + `")` + all + "}",
		"an empty page":              `{ users(filter: {query: "nobody"}) { nodes` + all + "edges { cursor } totalCount } }",
		"a page without users":       "{ users { totalCount __typename } }",
		"a page that is refused":     "{ users(first: 0) { nodes" + all + "} }",
		"a count that fails":         "{ users(filter: {isActive: false}) { nodes" + all + "totalCount } }",
		"edges without nodes":        "{ users { edges { c: cursor } } }",
		"edges in another order":     "{ users(orderBy: {field: LAST_NAME, direction: DESC}) { edges { cursor node { lastName } } } }",
		"merged fields":              "{ users { nodes { id } nodes { email id } edges { node { id } } edges { cursor node { email } } } }",
		"merged roots":               "{ user(id: $id) { id } user(id: $id) { email } }",
		"fragments":                  "{ user(id: $id) { ...A ... { id } ... on Node { id } } } fragment A on User { lastName ...B id } fragment B on User { email lastName }",
		"fragments at the root":      "{ ...Q } fragment Q on Query { user(id: $id) { id } }",
		"directives":                 "{ user(id: $id) { id @skip(if: $yes) email @include(if: $no) version @include(if: $yes) lastName @skip(if: $no) } }",
		"directives on fragments":    "{ user(id: $id) { ...A @skip(if: $yes) ... @include(if: $no) { id } ...A } } fragment A on User { email }",
		"an order that they decide":  "{ user(id: $id) { id @skip(if: $yes) email id } }",
		"nothing is left":            "{ user(id: $id) { id @skip(if: $yes) } }",
		"no root is left":            "{ user(id: $id) @skip(if: $yes) { id } }",
		"a node":                     "{ node(id: $id) { id __typename ... on User { id email __typename } } }",
		"no node":                    `{ node(id: "01900000-0000-7000-8000-000000000000") { id } }`,
		"nodes":                      "{ nodes(ids: $list) { __typename ... on Node { i: id } ... on User { email } } }",
		"entities":                   `{ _entities(representations: [{__typename: "User", id: $id}, {__typename: "User", id: "01900000-0000-7000-8000-000000000000"}]) { __typename ... on User { __typename id } } }`,
		"entities that are refused":  `{ _entities(representations: [{__typename: "Group", id: $id}]) { ... on User { id } } }`,
		"history":                    "{ user(id: $id) { id history { nodes { kind version } } email } }",
		"history under another name": "{ user(id: $id) { id h: history(first: 0) { nodes { kind } } } }",
		"several roots":              `{ a: user(id: $id)` + all + `b: user(id: "x") { id } users { nodes { id } } __typename }`,
		"the schema":                 `{ __type(name: "User") { name fields { name } } }`,
		"nothing but a name":         "{ __typename }",
		"changes":                    "{ changes { nodes { kind userId } } }",
		"another root alone":         "{ changeCursor }",
	} {
		t.Run(name, func(t *testing.T) {
			var declared []string
			for name, of := range declarations {
				if strings.Contains(query, name) {
					declared = append(declared, name+": "+of)
				}
			}
			if len(declared) > 0 {
				query = "query (" + strings.Join(declared, ", ") + ") " + query
			}
			admitted := name != "history below a page" // which is refused
			if got := b.agree(t.Context(), t, graphql.RawParams{Query: query, Variables: vars}); len(got) == 1 != admitted {
				t.Errorf("%q", got)
			}
		})
	}
}

// leaves are the fields of a type that have nothing below them: whatever is
// added to the schema.
func leaves(t *testing.T, of string) (names []string) {
	t.Helper()
	schema := servedSchema()
	for _, f := range schema.Types[of].Fields {
		if schema.Types[f.Type.Name()].IsLeafType() {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		t.Fatal(of)
	}
	return names
}

// TestRefusalsAreThoseOfGeneratedCode: whoever is refused, and by whichever
// rule of the service.
func TestRefusalsAreThoseOfGeneratedCode(t *testing.T) {
	invalid := func(context.Context, string) (service.Actor, error) {
		return service.Actor{}, &service.UnauthenticatedError{Invalid: true}
	}
	b, ids := newBoth(t, service.Config{Authenticators: []service.Authenticator{invalid}})
	verifier := service.WithActor(t.Context(), service.KeyActor("sign-in", []service.Scope{service.ScopeUsersVerify}))
	grant, err := b.svc.SignIn(verifier, service.SignInInput{Credentials: service.Credentials{Email: service.Some("a@example.com"), Password: service.Some(password)}})
	if err != nil {
		t.Fatal(err)
	}
	ada, err := b.svc.Authenticate(t.Context(), "Bearer "+grant.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]struct {
		actor service.Actor
		want  string // in the answers
	}{
		"nobody":        {service.Actor{}, `"UNAUTHENTICATED"`},
		"without scope": {service.KeyActor("nothing", nil), `"FORBIDDEN"`},
		"revoked": {service.KeyActor("revoked", []service.Scope{service.ScopeAdmin}).While(func(context.Context) error {
			return &service.UnauthenticatedError{Invalid: true}
		}), `"UNAUTHENTICATED"`},
		"a reader": {service.KeyActor("reader", []service.Scope{service.ScopeUsersRead}), `"FORBIDDEN"`},
		"a user":   {ada, `"USER_NOT_FOUND"`},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, answers := service.WithActor(t.Context(), who.actor), ""
			for _, query := range []string{
				"{ me { id email } }", `{ user(id: "` + ids[0] + `") { id history { nodes { kind } } } }`, `{ user(id: "` + ids[1] + `") { id } }`,
				"{ users { nodes { id } totalCount } }", "{ users { edges { cursor } } }", `{ usersByIds(ids: ["` + ids[0] + `"]) { email } }`,
				`{ sessions(userId: "` + ids[0] + `") { label } }`, `{ a: user(id: "` + ids[0] + `") { id } b: user(id: "` + ids[2] + `") { id } }`,
			} {
				answers += strings.Join(b.agree(ctx, t, graphql.RawParams{Query: query}), "")
			}
			if !strings.Contains(answers, who.want) {
				t.Errorf("no %s in %s", who.want, answers)
			}
		})
	}
}

// TestLimitsCountAsInGeneratedCode: each field once, wherever an operation
// reaches its limit.
func TestLimitsCountAsInGeneratedCode(t *testing.T) {
	now := time.Now()
	for _, query := range []string{"{ user(id: $id) { id } }", "{ users { nodes { id } edges { cursor } } }", "{ users { nodes { id } totalCount } }", "{ nodes(ids: [$id]) { id } }"} {
		t.Run(query, func(t *testing.T) {
			b, ids := newBoth(t, service.Config{Rates: service.RateLimits{Reads: 1}, Now: func() time.Time { return now }})
			params := graphql.RawParams{Query: "query ($id: ID!) " + query, Variables: map[string]any{"id": ids[0]}}
			if !strings.Contains(query, "$id") {
				params = graphql.RawParams{Query: query}
			}
			limited := 0
			const n = 15
			for range n {
				limited += strings.Count(strings.Join(b.agree(t.Context(), t, params), ""), "RATE_LIMITED")
			}
			if limited == 0 || limited == n {
				t.Errorf("%d of %d were over the limit", limited, n)
			}
		})
	}
}

// TestNoAnswerForARequestThatHasEnded: by neither executor.
func TestNoAnswerForARequestThatHasEnded(t *testing.T) {
	b, ids := newBoth(t, service.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := b.agree(ctx, t, graphql.RawParams{Query: `{ user(id: "` + ids[0] + `") { id } }`}); got != nil {
		t.Errorf("%q", got)
	}
}

// seeds are choices that are the same each time.
func seeds(n int) (list [][]byte) {
	random := rand.NewChaCha8([32]byte{})
	for range n {
		seed := make([]byte, 200)
		_, _ = random.Read(seed)
		list = append(list, seed)
	}
	return list
}

// FuzzAnswers: operations that are generated from the schema are answered byte
// for byte as the generated code answers them.
func FuzzAnswers(f *testing.F) {
	for _, seed := range seeds(300) {
		f.Add(seed)
	}
	b, ids := newBoth(f, service.Config{})
	cursors := b.cursors(f)
	f.Fuzz(func(t *testing.T, choices []byte) { b.agree(t.Context(), t, b.generate(choices, ids, cursors)) })
}

// TestGeneratedOperationsTellSomething: most are admitted, and many of them
// are answered with users, and many with errors.
func TestGeneratedOperationsTellSomething(t *testing.T) {
	b, ids := newBoth(t, service.Config{})
	cursors := b.cursors(t)
	const n = 1000
	admitted, users, errs := 0, 0, 0
	for _, seed := range seeds(n) {
		if got := b.agree(t.Context(), t, b.generate(seed, ids, cursors)); len(got) == 1 {
			admitted++
			users += min(1, strings.Count(got[0], "xample.com"))
			errs += min(1, strings.Count(got[0], `"errors"`))
		}
	}
	if admitted < n/2 || users < n/10 || errs < n/10 {
		t.Errorf("of %d operations %d are admitted, %d answered with users, %d with errors", n, admitted, users, errs)
	}
	t.Logf("of %d operations %d are admitted, %d answered with users, %d with errors", n, admitted, users, errs)
}
