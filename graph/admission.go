package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/userd/userd/graph/internal/direct"
)

// admission stands before the executor and lets through what is worth
// executing: a document within its limits that is valid, or has been before,
// with variables of the types that it declares. Every transport goes through
// it.
type admission struct {
	executor
	schema *ast.Schema
	rules  *rules.Rules
	limits Limits
	watch  Observer
	known  *cache // documents that have been accepted
	// introspection is whether the schema may be queried.
	introspection bool
}

var _ graphql.GraphExecutor = (*admission)(nil)

func newAdmission(e executor, schema *ast.Schema, c Config) *admission {
	return &admission{
		executor:      e,
		schema:        schema,
		rules:         validationRules(!c.NoIntrospection),
		limits:        c.Limits,
		watch:         c.Observer,
		known:         newCache(c.Limits.CacheBytes),
		introspection: !c.NoIntrospection,
	}
}

// CreateOperationContext implements [graphql.GraphExecutor].
func (a *admission) CreateOperationContext(_ context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	doc, errs := a.document(params)
	if errs != nil {
		return &graphql.OperationContext{}, errs
	}
	op, err := doc.operation(params.OperationName)
	if err != nil {
		return &graphql.OperationContext{}, gqlerror.List{err}
	}
	vars, errs := doc.coerce(a.schema, op, params.Variables)
	if errs != nil {
		return &graphql.OperationContext{}, errs
	}
	return &graphql.OperationContext{
		RawQuery: doc.text, Doc: doc.parsed, Operation: op, OperationName: params.OperationName,
		Variables: vars, Extensions: params.Extensions,
		DisableIntrospection: !a.introspection, RecoverFunc: a.recovered,
		ResolverMiddleware: direct.Fields, RootResolverMiddleware: plainRoot,
	}, nil
}

// plainRoot is the hook around root fields, which nothing here needs.
func plainRoot(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) }

// document returns the document that params ask for, from the cache where it
// has been accepted before.
func (a *admission) document(params *graphql.RawParams) (*document, gqlerror.List) {
	key, err := keyOf(params)
	if err != nil {
		return nil, gqlerror.List{err}
	}
	if doc, ok := a.known.get(key); ok {
		return doc, nil
	}
	if params.Query == "" {
		return nil, gqlerror.List{problem(codeUnknownQuery, "PersistedQueryNotFound")} // the text that clients look for
	}
	doc, errs := newDocument(params.Query, a.schema, a.rules, a.limits)
	if errs != nil {
		return nil, errs
	}
	a.known.add(key, doc)
	return doc, nil
}
