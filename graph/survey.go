package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// tally counts what a document has as it is written, each fragment once.
type tally struct {
	directives int
	sameKey    int // the most fields with one name that a selection has
	valueDepth int
}

func survey(doc *ast.QueryDocument) *tally {
	t := &tally{}
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			t.value(v.DefaultValue, 0)
			t.directiveList(v.Directives)
		}
		t.directiveList(op.Directives)
		t.selection(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		t.directiveList(f.Directives)
		t.selection(f.SelectionSet)
	}
	return t
}

func (t *tally) check(l Limits) *gqlerror.Error {
	switch {
	case t.directives > l.Directives:
		return exceeds("directives", l.Directives, "A document has at most %d directives.")
	case t.sameKey > l.SameKey:
		return exceeds("sameKey", l.SameKey, "A selection has at most %d fields with the same name in the response.")
	case t.valueDepth > l.ValueDepth:
		return exceeds("valueDepth", l.ValueDepth, "Lists and objects nest at most %d levels deep.")
	}
	return nil
}

func (t *tally) selection(set ast.SelectionSet) { t.part(set, make(map[string]int)) }

// part counts a part of a selection; keys has the names seen in the selection.
func (t *tally) part(set ast.SelectionSet, keys map[string]int) {
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			keys[it.Alias]++
			t.sameKey = max(t.sameKey, keys[it.Alias])
			t.arguments(it.Arguments)
			t.directiveList(it.Directives)
			t.selection(it.SelectionSet)
		case *ast.InlineFragment:
			t.directiveList(it.Directives)
			t.part(it.SelectionSet, keys)
		case *ast.FragmentSpread:
			t.directiveList(it.Directives)
		}
	}
}

func (t *tally) directiveList(list ast.DirectiveList) {
	t.directives += len(list)
	for _, d := range list {
		t.arguments(d.Arguments)
	}
}

func (t *tally) arguments(list ast.ArgumentList) {
	for _, a := range list {
		t.value(a.Value, 0)
	}
}

func (t *tally) value(v *ast.Value, depth int) {
	if v == nil {
		return
	}
	if v.Kind == ast.ListValue || v.Kind == ast.ObjectValue {
		depth++
	}
	t.valueDepth = max(t.valueDepth, depth)
	for _, child := range v.Children {
		t.value(child.Value, depth)
	}
}
