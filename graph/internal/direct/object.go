package direct

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// object is what is selected of a T: its members in their order.
type object[T any] []member[T]

// member is a selected field.
type member[T any] struct {
	name  string
	value value[T]
}

// value appends a field's value as JSON.
type value[T any] func(b []byte, of *T) []byte

// append appends v as JSON.
func (o object[T]) append(b []byte, v *T) []byte {
	b = append(b, '{')
	for i := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, o[i].name...) // a name of GraphQL, which has nothing to escape
		b = append(b, '"', ':')
		b = o[i].value(b, v)
	}
	return append(b, '}')
}

// appendList appends the objects that are in items as o, and null for nil.
func appendList[I, T any](b []byte, o object[T], items []I, in func(*I) *T) []byte {
	b = append(b, '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		if v := in(&items[i]); v != nil {
			b = o.append(b, v)
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, ']')
}

// selection is what an operation selects of a field's type.
type selection struct {
	op  *graphql.OperationContext
	set ast.SelectionSet
}

// selectionOf is the selection of the field that is being resolved in ctx.
func selectionOf(ctx context.Context) selection {
	return selection{graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections}
}

// below is what the operation of s selects of a field's type by set.
func (s selection) below(set ast.SelectionSet) selection { return selection{s.op, set} }

// find returns the value of a field by its name and what is selected of it, or
// nil for one that it does not know.
type find[T any] func(name string, set ast.SelectionSet) value[T]

// selected returns the object that s selects, to which fragments on those types
// apply, or nil when there is a field that is not known.
func selected[T any](s selection, types []string, known find[T]) object[T] {
	o := make(object[T], 0, len(s.set))
	if isPlain(s.set) {
		for _, it := range s.set {
			if f := it.(*ast.Field); !o.add(f.Alias, known(f.Name, f.SelectionSet)) {
				return nil
			}
		}
		return o
	}
	for _, f := range graphql.CollectFields(s.op, s.set, types) {
		if !o.add(f.Alias, known(f.Name, f.Selections)) {
			return nil
		}
	}
	return o
}

// add adds a member, if there is a value. Of a field that is selected of an
// abstract type and of the object's own the executor makes two, and writes the
// first.
func (o *object[T]) add(name string, v value[T]) bool {
	if v != nil && !slices.ContainsFunc(*o, func(m member[T]) bool { return m.name == name }) {
		*o = append(*o, member[T]{name, v})
	}
	return v != nil
}

// isPlain tells whether set is nothing but fields, each once. There is nothing
// to collect then, which would take memory for each request.
func isPlain(set ast.SelectionSet) bool {
	for i, it := range set {
		f, ok := it.(*ast.Field)
		isSame := func(other ast.Selection) bool { return other.(*ast.Field).Alias == f.Alias }
		if !ok || len(f.Directives) > 0 || slices.ContainsFunc(set[:i], isSame) {
			return false
		}
	}
	return true
}
