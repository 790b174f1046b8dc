package graph

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
)

// generator makes queries of whatever the schema has, by choices that are read
// off bytes. Nearly all of them are valid.
type generator struct {
	choices   []byte
	schema    *ast.Schema
	texts     map[string][]string // what a scalar's values are chosen from
	declared  []string            // variables
	variables map[string]any
	fragments []string
	named     int // names that have been given
}

func newGenerator(choices []byte, schema *ast.Schema, ids, cursors []string) *generator {
	return &generator{choices: choices, schema: schema, variables: map[string]any{}, texts: map[string][]string{
		"ID":           append(ids, "x", "01900000-0000-7000-8000-000000000000", uuid.Nil.String(), unavailable.String(), panicked.String()),
		"String":       append(cursors, "", "a", "\\\"ada"),
		"EmailAddress": {"a@example.com", "D@EXAMPLE.com", "z@example.com", "x"},
	}}
}

// choose returns a number below n: 0 once there are no choices left.
func (g *generator) choose(n int) int {
	if len(g.choices) == 0 {
		return 0
	}
	c := g.choices[0]
	g.choices = g.choices[1:]
	return int(c) % n
}

// oneIn is true by one choice in n.
func (g *generator) oneIn(n int) bool { return g.choose(n) == n-1 }

func (g *generator) name(prefix string) string {
	g.named++
	return prefix + strconv.Itoa(g.named)
}

// operation is a query with variables.
func (g *generator) operation() graphql.RawParams {
	selection := g.selection(g.schema.Query, 0, false)
	head := ""
	if len(g.declared) > 0 {
		head = "query (" + strings.Join(g.declared, ", ") + ") "
	}
	return graphql.RawParams{Query: head + selection + strings.Join(g.fragments, ""), Variables: g.variables}
}

func (g *generator) selection(def *ast.Definition, depth int, inList bool) string {
	var b strings.Builder
	b.WriteString("{ ")
	for range 1 + g.choose(4) {
		b.WriteString(g.selected(def, depth, inList))
		b.WriteByte(' ')
	}
	return b.String() + "}"
}

func (g *generator) selected(def *ast.Definition, depth int, inList bool) string {
	if depth > 0 && depth < 8 {
		switch g.choose(8) {
		case 6:
			return "... " + g.condition(def) + g.directive() + g.selection(def, depth+1, inList)
		case 7:
			name := g.name("F")
			// Outside of lists, as one that has a history must not be spread below one.
			g.fragments = append(g.fragments, " fragment "+name+" on "+def.Name+" "+g.selection(def, depth+1, inList))
			return strings.Repeat("..."+name+g.directive()+" ", 1+g.choose(2))
		}
	}
	return g.field(def, depth, inList)
}

// condition has an inline fragment apply to def, or to all or one of the types
// that go with it, or says nothing.
func (g *generator) condition(def *ast.Definition) string {
	types := []string{"", "on " + def.Name + " "}
	for _, name := range def.Interfaces {
		types = append(types, "on "+name+" ")
	}
	return types[g.choose(len(types))]
}

// field is a field of def, or of one of its possible types.
func (g *generator) field(def *ast.Definition, depth int, inList bool) string {
	if def.IsAbstractType() && !g.oneIn(3) {
		possible := g.schema.GetPossibleTypes(def)
		return "... on " + possible[0].Name + " " + g.selection(possible[0], depth+1, inList)
	}
	i := g.choose(len(def.Fields) + 1)
	if i == len(def.Fields) || strings.HasPrefix(def.Fields[i].Name, "__") || inList && def.Fields[i].Name == "history" {
		return "__typename" + g.directive()
	}
	f := def.Fields[i]
	out := f.Name
	if len(f.Arguments) > 0 && !g.oneIn(4) || g.oneIn(6) { // two with other arguments need two names
		out = g.name("a") + ": " + f.Name
	}
	out += g.arguments(f) + g.directive()
	if of := g.schema.Types[f.Type.Name()]; of.IsCompositeType() {
		if depth > 5 {
			return "__typename"
		}
		out += " " + g.selection(of, depth+1, inList || f.Type.Elem != nil)
	}
	return out
}

func (g *generator) arguments(f *ast.FieldDefinition) string {
	var list []string
	for _, a := range f.Arguments {
		if a.Type.NonNull || g.oneIn(4) {
			list = append(list, a.Name+": "+g.argument(a.Type))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// argument is a value as it is, or a variable that has it or has it by default.
func (g *generator) argument(t *ast.Type) string {
	literal, v := g.value(t)
	switch g.choose(6) {
	case 4:
		name := g.name("v")
		g.declared, g.variables[name] = append(g.declared, "$"+name+": "+t.String()), v
		return "$" + name
	case 5:
		name := g.name("v")
		g.declared = append(g.declared, "$"+name+": "+t.String()+" = "+literal)
		return "$" + name
	}
	return literal
}

func (g *generator) directive() string {
	switch g.choose(12) {
	case 10:
		return " @include(if: " + g.argument(ast.NonNullNamedType("Boolean", nil)) + ")"
	case 11:
		return " @skip(if: " + g.argument(ast.NonNullNamedType("Boolean", nil)) + ")"
	}
	return ""
}

// value is a value of t, as a document has it and as JSON has it.
func (g *generator) value(t *ast.Type) (literal string, v any) {
	if !t.NonNull && g.oneIn(6) {
		return "null", nil
	}
	if t.Elem != nil {
		return g.list(t.Elem)
	}
	def := g.schema.Types[t.NamedType]
	switch {
	case def.Kind == ast.Enum:
		name := def.EnumValues[g.choose(len(def.EnumValues))].Name
		return name, name
	case def.Kind == ast.InputObject:
		return g.object(def)
	case def.Name == "Boolean":
		yes := g.oneIn(2)
		return strconv.FormatBool(yes), yes
	case def.Name == "Int":
		n := []int64{1, 2, 3, 200, 0, -1, 201}[g.choose(7)]
		return strconv.FormatInt(n, 10), n
	case def.Name == representation:
		id := g.texts["ID"][g.choose(len(g.texts["ID"]))]
		return fmt.Sprintf(`{__typename: "User", id: %q}`, id), map[string]any{"__typename": "User", "id": id}
	}
	text := g.texts[def.Name][g.choose(len(g.texts[def.Name]))]
	return strconv.Quote(text), text
}

func (g *generator) list(elem *ast.Type) (string, any) {
	literals, values := []string{}, []any{}
	for range g.choose(4) {
		literal, v := g.value(elem)
		literals, values = append(literals, literal), append(values, v)
	}
	return "[" + strings.Join(literals, ", ") + "]", values
}

func (g *generator) object(def *ast.Definition) (string, any) {
	literals, values := []string{}, map[string]any{}
	for _, f := range def.Fields {
		if f.Type.NonNull || g.oneIn(2) {
			literal, v := g.value(f.Type)
			literals, values[f.Name] = append(literals, f.Name+": "+literal), v
		}
	}
	return "{" + strings.Join(literals, ", ") + "}", values
}
