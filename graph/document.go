package graph

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const (
	// maxErrors bounds how many mistakes of a request are told at once.
	maxErrors = 20
	// maxMessage bounds a message about a document in bytes: it may hold names
	// from it.
	maxMessage = 300
)

// document is a document that has been accepted. It is never written to again.
type document struct {
	text   string
	parsed *ast.QueryDocument
	// notNull are the variables whose type takes null but which are used where
	// null cannot be taken, which a default value makes valid.
	notNull map[*ast.VariableDefinition]bool
}

// newDocument parses, measures and validates text, in this order: each step
// bounds what the next one costs.
func newDocument(text string, schema *ast.Schema, rules *rules.Rules, l Limits) (*document, gqlerror.List) {
	if err := checkText(text, l); err != nil {
		return nil, gqlerror.List{err}
	}
	parsed, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, gqlerror.List{syntaxError(err)}
	}
	if len(parsed.Operations) == 0 {
		return nil, gqlerror.List{problem(codeInvalidDocument, "The document has no operation.")}
	}
	if err := checkSize(parsed, l); err != nil {
		return nil, gqlerror.List{err}
	}
	if errs := validator.ValidateWithRules(schema, parsed, rules); errs != nil {
		return nil, invalidDocument(errs)
	}
	for _, check := range []func(*ast.QueryDocument) *gqlerror.Error{checkSubscriptions, checkHistories} {
		if err := check(parsed); err != nil {
			return nil, gqlerror.List{err}
		}
	}
	return &document{text: text, parsed: parsed, notNull: variablesNotNull(schema, parsed)}, nil
}

// operation chooses the operation with this name; without a name, the only one.
func (d *document) operation(name string) (*ast.OperationDefinition, *gqlerror.Error) {
	if op := d.parsed.Operations.ForName(name); op != nil {
		return op, nil
	}
	if name == "" {
		return nil, problem(codeInvalidDocument, "The document has several operations; operationName must name one.")
	}
	return nil, problem(codeInvalidDocument, "The document has no operation of this name.")
}

// variablesNotNull walks a valid document once more, with all variables'
// definitions in place.
func variablesNotNull(schema *ast.Schema, doc *ast.QueryDocument) map[*ast.VariableDefinition]bool {
	found := make(map[*ast.VariableDefinition]bool)
	var observers core.Events
	observers.OnValue(func(_ *core.Walker, v *ast.Value) {
		if v.Kind == ast.Variable && v.ExpectedType != nil && v.ExpectedType.NonNull && !v.VariableDefinition.Type.NonNull {
			found[v.VariableDefinition] = true
		}
	})
	core.Walk(schema, doc, &observers)
	return found
}

// syntaxError tells what the parser found wrong and where, without the text
// that it found: a string may be a password.
func syntaxError(err error) *gqlerror.Error {
	out := problem(codeSyntax, "The document cannot be parsed.")
	if found, ok := errors.AsType[*gqlerror.Error](err); ok {
		message := found.Message
		if i := strings.IndexAny(message, "\"'\\"); i >= 0 {
			message = message[:i]
		}
		out.Message = strings.TrimRight(message, " .,:(") + "."
		out.Locations = found.Locations
	}
	return out
}

// invalidDocument tells what the validator found.
func invalidDocument(found gqlerror.List) gqlerror.List {
	errs := make(gqlerror.List, min(len(found), maxErrors))
	for i := range errs {
		errs[i] = problem(codeInvalidDocument, "%s", shorten(found[i].Message))
		errs[i].Locations = found[i].Locations
	}
	return errs
}

// shorten cuts a message off where it becomes too long.
func shorten(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	n := maxMessage
	for !utf8.RuneStart(message[n]) {
		n--
	}
	return message[:n] + "…"
}
