package service_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// The transports have a table for each of these types and a test that it is
// total over the list. That is worth something only while the list is whole.
func TestListsOfConstantsAreWhole(t *testing.T) {
	declared := stringConstants(t, "errors.go", "inputerrors.go", "store.go", "change.go")
	for typ, listed := range map[string][]string{
		"Code":       texts(service.Codes()),
		"FieldCode":  texts(service.FieldCodes()),
		"OrderField": texts(service.OrderFields()),
		"ChangeKind": texts(service.ChangeKinds()),
	} {
		slices.Sort(listed)
		slices.Sort(declared[typ])
		if diff := cmp.Diff(declared[typ], listed); diff != "" {
			t.Errorf("%s (-declared +listed):\n%s", typ, diff)
		}
	}
}

func texts[S ~string](values []S) []string {
	var texts []string
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return texts
}

// stringConstants reads the values of the string constants that the files
// declare, by the name of their type.
func stringConstants(t *testing.T, files ...string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			typ, typed := spec.Type.(*ast.Ident)
			for _, value := range spec.Values {
				if lit, ok := value.(*ast.BasicLit); ok && typed && lit.Kind == token.STRING {
					text, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					found[typ.Name] = append(found[typ.Name], text)
				}
			}
			return true
		})
	}
	return found
}
