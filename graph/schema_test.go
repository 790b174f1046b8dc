package graph

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gql "github.com/vektah/gqlparser/v2/ast"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// own are the schema's types that are not GraphQL's.
func own() []*gql.Definition {
	var list []*gql.Definition
	for _, def := range servedSchema().Types {
		if !def.BuiltIn {
			list = append(list, def)
		}
	}
	return list
}

func TestEverythingIsDescribed(t *testing.T) {
	described := func(what, text string) {
		if text = strings.TrimSpace(text); text == "" || !strings.HasSuffix(text, ".") {
			t.Errorf("%s is described by %q", what, text)
		}
	}
	described("the schema", servedSchema().Description)
	for _, def := range own() {
		described(def.Name, def.Description)
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			described(def.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				described(def.Name+"."+f.Name+"."+a.Name, a.Description)
			}
		}
		for _, v := range def.EnumValues {
			described(def.Name+"."+v.Name, v.Description)
		}
	}
}

// TestListsInLists: what stands in a list has only short lists, so that the
// number of fields bounds an answer (docs/limits.md).
func TestListsInLists(t *testing.T) {
	want := []string{"Change.fields", "CreateUserPayload.errors"} // with one entry at most for each field of a user
	found, schema, seen := []string{}, servedSchema(), map[string]bool{}
	var walk func(def *gql.Definition)
	walk = func(inList *gql.Definition) {
		for _, object := range schema.GetPossibleTypes(inList) {
			if seen[object.Name] {
				continue
			}
			seen[object.Name] = true
			for _, f := range object.Fields {
				if f.Type.Elem != nil {
					found = append(found, object.Name+"."+f.Name)
				}
				if object.Name != "User" || f.Name != "history" { // which checkHistories refuses there
					walk(schema.Types[f.Type.Name()])
				}
			}
		}
	}
	for _, object := range own() {
		for _, f := range object.Fields {
			if object.IsCompositeType() && f.Type.Elem != nil {
				walk(schema.Types[f.Type.Name()])
			}
		}
	}
	if slices.Sort(found); !slices.Equal(found, want) {
		t.Errorf("lists in lists are %q, want %q", found, want)
	}
}

func TestSchemaShape(t *testing.T) {
	if len(own()) < 20 {
		t.Fatalf("only %d types", len(own()))
	}
	for _, def := range own() {
		if def.Kind == gql.Scalar && def.Directives.ForName("specifiedBy") == nil {
			t.Errorf("%s does not say where it is specified", def.Name)
		}
		if def.Directives.ForName("oneOf") != nil {
			t.Errorf("%s is @oneOf, which valuesRule and coercion do not know", def.Name)
		}
	}
	mutations := servedSchema().Mutation
	for _, m := range mutations.Fields {
		name := strings.ToUpper(m.Name[:1]) + m.Name[1:]
		if len(m.Arguments) != 1 || m.Arguments[0].Name != "input" || m.Arguments[0].Type.String() != name+"Input!" || m.Type.String() != name+"Payload" {
			t.Errorf("%s takes %v and gives %s", m.Name, m.Arguments, m.Type)
		}
		if errs := servedSchema().Types[name+"Payload"].Fields.ForName("errors"); errs == nil || errs.Type.String() != "[UserError!]!" {
			t.Errorf("%s has no errors", name+"Payload")
		}
	}
	if _, ok := servedSchema().Directives["defer"]; ok {
		t.Error("@defer is offered")
	}
}

func TestKindsAreTotal(t *testing.T) {
	for _, code := range service.Codes() {
		k, ok := kinds[code]
		if !ok || k.message == "" {
			t.Errorf("%s is missing", code)
		}
		several := code == service.CodeInvalidInput || code == service.CodeInvalidCredentials
		if k.asData != (k.field != "" || several) {
			t.Errorf("%s: data without a field, or a field without data", code)
		}
	}
	if len(kinds) != len(service.Codes()) {
		t.Error("there are codes that the service does not have")
	}
}

// TestUserErrorCodes: the schema has exactly the codes that can be data.
func TestUserErrorCodes(t *testing.T) {
	var want []string
	for _, code := range service.FieldCodes() {
		want = append(want, string(code))
	}
	for code, k := range kinds {
		if k.asData && code != service.CodeInvalidInput {
			want = append(want, string(code))
		}
	}
	var got []string
	for _, code := range model.AllUserErrorCode {
		got = append(got, string(code))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestChangeKindsAreTotal: the schema has each kind of change under its name in
// capitals.
func TestChangeKindsAreTotal(t *testing.T) {
	values := servedSchema().Types["UserChangeKind"].EnumValues
	for _, kind := range service.ChangeKinds() {
		if values.ForName(strings.ToUpper(string(kind))) == nil {
			t.Errorf("%s is missing", kind)
		}
	}
	if len(values) != len(service.ChangeKinds()) {
		t.Error("there are kinds that the service does not have")
	}
}

func TestStatusesAreTotal(t *testing.T) {
	codes := constants(t, ".", "service.Code")
	if len(codes) < 10 {
		t.Fatalf("found only %v", codes)
	}
	codes = append(codes, string(service.CodeUnauthenticated), string(service.CodeUnavailable), string(service.CodeInternal))
	for _, code := range codes {
		if s := statuses[service.Code(code)]; s.graphql < 400 || s.json < 200 {
			t.Errorf("%s has the statuses %v", code, s)
		}
	}
	if len(statuses) != len(codes) {
		t.Error("there are statuses for codes that do not exist")
	}
}

// TestFieldNames: each field of the service has a name, which the schema has
// for an argument, a field of an input, or one of User, which changes name.
func TestFieldNames(t *testing.T) {
	offered := inputNames()
	for _, f := range servedSchema().Types["User"].Fields {
		offered = append(offered, f.Name)
	}
	fields := constants(t, "../service", "Field")
	if len(fields) < 10 {
		t.Fatalf("found only %v", fields)
	}
	for _, f := range fields {
		name, ok := model.FieldNames[service.Field(f)]
		if !ok || !slices.Contains(offered, name) {
			t.Errorf("%s is called %q, which the schema does not have", f, name)
		}
	}
	if len(model.FieldNames) != len(fields) {
		t.Error("there are names for fields that the service does not have")
	}
	if model.NameOf("new_field") != "new_field" {
		t.Error("an unknown field loses its name")
	}
}

// inputNames are the names of all arguments and input fields.
func inputNames() []string {
	var names []string
	for _, def := range own() {
		for _, f := range def.Fields {
			if def.Kind == gql.InputObject {
				names = append(names, f.Name)
			}
			for _, a := range f.Arguments {
				names = append(names, a.Name)
			}
		}
	}
	return names
}

// constants returns the values of the string constants of a type that the
// package in dir declares: reflection cannot list them.
func constants(t *testing.T, dir, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || nameOfType(spec.Type) != typeName {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				value, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
			return true
		})
	}
	return values
}

func nameOfType(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOfType(e.X) + "." + e.Sel.Name
	}
	return ""
}
