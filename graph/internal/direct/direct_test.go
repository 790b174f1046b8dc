package direct

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/userd/userd/graph/internal/exec"
	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// TestEveryFieldIsKnown of the types that are written here, but those with
// resolvers of their own, which can fail. Without being known, a new field would
// be answered as it should be, and have all that is selected beside it answered
// slowly.
func TestEveryFieldIsKnown(t *testing.T) {
	schema := exec.NewExecutableSchema(exec.Config{}).Schema()
	resolved := []string{"User.history", "UserConnection.totalCount"}
	name := &ast.Field{Name: "__typename", Alias: "__typename"}
	for of, isKnown := range map[string]func(selection) bool{
		"User":           func(s selection) bool { return s.user() != nil },
		"UserEdge":       func(s selection) bool { return s.edge() != nil },
		"UserConnection": func(s selection) bool { return s.connection() != nil },
		"PageInfo":       func(s selection) bool { return s.pageInfo() != nil },
	} {
		if !isKnown(selection{set: ast.SelectionSet{name}}) {
			t.Errorf("%s.__typename is not known", of)
		}
		for _, f := range schema.Types[of].Fields {
			set := ast.SelectionSet{&ast.Field{Name: f.Name, Alias: f.Name, SelectionSet: ast.SelectionSet{name}}}
			if got, want := isKnown(selection{set: set}), !slices.Contains(resolved, of+"."+f.Name); got != want {
				t.Errorf("%s.%s: known is %v, want %v", of, f.Name, got, want)
			}
		}
	}
}

// resolve is what Fields makes of a field of the schema's Query that is
// resolved to value.
func resolve(t *testing.T, query string, value any, err error) (any, error) {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(exec.NewExecutableSchema(exec.Config{}).Schema(), query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	field := doc.Operations[0].SelectionSet[0].(*ast.Field)
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]})
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: graphql.CollectedField{Field: field, Selections: field.SelectionSet}})
	return Fields(ctx, func(context.Context) (any, error) { return value, err })
}

func TestFields(t *testing.T) {
	ada := &service.User{FirstName: `"Ada"`, Version: 3}
	whole := &service.User{ID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"), Email: "ada@example.com", FirstName: "Ada", LastName: "King", IsActive: true,
		Version: 2, CreatedAt: time.Unix(1, 0).UTC(), UpdatedAt: time.Unix(2, 0).UTC()}
	verified := *whole
	verified.EmailVerifiedAt = time.Unix(3, 0).UTC()
	page := model.NewUserConnection(&service.UserPage{HasNext: true}, nil)
	one := model.NewUserConnection(&service.UserPage{Items: []service.UserItem{{KeyedUser: service.KeyedUser{User: whole}}}, HasPrevious: true}, nil)
	for _, c := range []struct {
		name, query string
		value       any
		want        string // "" for the value itself
	}{
		{"a user", `{ user(id: "x") { name: firstName version } }`, ada, `{"name":"\"Ada\"","version":3}`},
		{"a whole user", `{ user(id: "x") { __typename id email firstName lastName isActive version createdAt updatedAt emailVerifiedAt } }`, whole,
			`{"__typename":"User","id":"01890a5d-ac96-774b-bcce-b302099a8057","email":"ada@example.com","firstName":"Ada","lastName":"King","isActive":true,"version":2,` +
				`"createdAt":"1970-01-01T00:00:01.000000Z","updatedAt":"1970-01-01T00:00:02.000000Z","emailVerifiedAt":null}`},
		{"a verified user", `{ user(id: "x") { emailVerifiedAt } }`, &verified, `{"emailVerifiedAt":"1970-01-01T00:00:03.000000Z"}`},
		{"fragments", `{ user(id: "x") { ... on Node { id } ... on User { version id } } }`, whole, `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","version":2}`},
		{"a fragment with a resolver", `{ user(id: "x") { ... on User { history { nodes { kind } } } } }`, ada, ""},
		{"a field twice", `{ user(id: "x") { version version } }`, ada, `{"version":3}`},
		{"nodes", `{ nodes(ids: []) { ... on User { version } } }`, []model.Node{ada, nil}, `[{"version":3},null]`},
		{"entities", `{ _entities(representations: []) { ... on User { version } } }`, []model.Entity{ada}, `[{"version":3}]`},
		{"a page of one", `{ users { __typename edges { __typename node { version } } pageInfo { __typename hasPreviousPage hasNextPage } } }`, one,
			`{"__typename":"UserConnection","edges":[{"__typename":"UserEdge","node":{"version":2}}],"pageInfo":{"__typename":"PageInfo","hasPreviousPage":true,"hasNextPage":false}}`},
		{"users and none", `{ usersByIds(ids: []) { version } }`, []*service.User{ada, nil}, `[{"version":3},null]`},
		{"no list", `{ usersByIds(ids: []) { version } }`, []*service.User(nil), `[]`},
		{"no user", `{ user(id: "x") { version } }`, (*service.User)(nil), ""},
		{"a page", `{ users { nodes { id } pageInfo { hasNextPage } } }`, page, `{"nodes":[],"pageInfo":{"hasNextPage":true}}`},
		{"no page", `{ users { nodes { id } } }`, (*model.UserConnection)(nil), ""},
		{"a page that is counted", `{ users { nodes { id } totalCount } }`, page, ""},
		{"a page of users with resolvers", `{ users { edges { node { history { nodes { kind } } } } } }`, page, ""},
		{"users with resolvers", `{ usersByIds(ids: []) { history { nodes { kind } } } }`, []*service.User{ada}, ""},
		{"a field with a resolver", `{ user(id: "x") { version history { nodes { kind } } } }`, ada, ""},
		{"another type", `{ changeCursor }`, "x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := resolve(t, c.query, c.value, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if !reflect.DeepEqual(got, c.value) {
					t.Errorf("got %v", got)
				}
				return
			}
			if m, ok := got.(graphql.Marshaler); !ok || written(t, m) != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	failed := errors.New("failed")
	if got, err := resolve(t, `{ user(id: "x") { version } }`, ada, failed); got != ada || !errors.Is(err, failed) {
		t.Errorf("got %v, %v", got, err)
	}
}

// written is what m writes, into memory and elsewhere.
func written(t *testing.T, m graphql.Marshaler) string {
	t.Helper()
	var b, elsewhere bytes.Buffer
	b.WriteString("before ")
	m.MarshalGQL(&b)
	m.MarshalGQL(struct{ io.Writer }{&elsewhere})
	if b.String() != "before "+elsewhere.String() {
		t.Errorf("%s into memory, %s elsewhere", &b, &elsewhere)
	}
	return elsewhere.String()
}
