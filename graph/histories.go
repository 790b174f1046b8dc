package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkHistories refuses User.history below a list: a page of 200 users would
// read the change log 200 times. The document is valid, and so small that
// walking through its fragments anew wherever they are spread costs little.
func checkHistories(doc *ast.QueryDocument) *gqlerror.Error {
	for _, op := range doc.Operations {
		if at := historyInList(op.SelectionSet, false); at != nil {
			err := problem(codeInvalidDocument, "User.history cannot be asked for below a list of users; ask for one user, or for Query.changes.")
			err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
			return err
		}
	}
	return nil
}

// historyInList finds where a selection asks for a history below a list.
func historyInList(set ast.SelectionSet, inList bool) (at *ast.Position) {
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			if it.ObjectDefinition.Name == "User" && it.Name == "history" && inList {
				return it.Position
			}
			at = historyInList(it.SelectionSet, inList || it.Definition.Type.Elem != nil)
		case *ast.InlineFragment:
			at = historyInList(it.SelectionSet, inList)
		case *ast.FragmentSpread:
			at = historyInList(it.Definition.SelectionSet, inList)
		}
		if at != nil {
			return at
		}
	}
	return nil
}
