package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkSubscriptions refuses subscriptions that do not come to exactly one
// field whatever the variables are. The library's rule counts one field under
// two names as one, and does not look at @skip and @include; the executor would
// fail on both.
func checkSubscriptions(doc *ast.QueryDocument) *gqlerror.Error {
	for _, op := range doc.Operations {
		if op.Operation != ast.Subscription {
			continue
		}
		keys := make(map[string]bool)
		if !alwaysSelects(op.SelectionSet, keys) || len(keys) != 1 {
			err := problem(codeInvalidDocument, "A subscription has exactly one field, without @skip and @include.")
			err.Locations = []gqlerror.Location{{Line: op.Position.Line, Column: op.Position.Column}}
			return err
		}
	}
	return nil
}

// alwaysSelects collects the names in the response of what is selected, and
// reports whether they are fields that are there in any case.
func alwaysSelects(set ast.SelectionSet, keys map[string]bool) bool {
	for _, selection := range set {
		ok := false
		switch it := selection.(type) {
		case *ast.Field:
			keys[it.Alias] = true
			ok = isUnconditional(it.Directives) && !strings.HasPrefix(it.Name, "__")
		case *ast.InlineFragment:
			ok = isUnconditional(it.Directives) && alwaysSelects(it.SelectionSet, keys)
		case *ast.FragmentSpread:
			ok = isUnconditional(it.Directives) && alwaysSelects(it.Definition.SelectionSet, keys)
		}
		if !ok {
			return false
		}
	}
	return true
}

func isUnconditional(list ast.DirectiveList) bool {
	return list.ForName("skip") == nil && list.ForName("include") == nil
}
