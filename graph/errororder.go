package graph

import (
	"cmp"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// sortErrors puts errors in the order of the fields in the document, and those of
// one field in the order of what they are about.
func sortErrors(list gqlerror.List) {
	slices.SortStableFunc(list, func(a, b *gqlerror.Error) int {
		return cmp.Or(slices.CompareFunc(a.Locations, b.Locations, compareLocations), slices.CompareFunc(a.Path, b.Path, comparePathElements))
	})
}

func compareLocations(a, b gqlerror.Location) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// comparePathElements compares places in lists. Names are compared as texts, which
// fields of one fragment under two aliases differ in.
func comparePathElements(a, b ast.PathElement) int {
	i, isIndex := a.(ast.PathIndex)
	j, _ := b.(ast.PathIndex)
	if isIndex {
		return cmp.Compare(i, j)
	}
	n, _ := a.(ast.PathName)
	m, _ := b.(ast.PathName)
	return cmp.Compare(n, m)
}
