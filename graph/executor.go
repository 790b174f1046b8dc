package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// executor runs operations over the generated schema as gqlgen's own executor
// does, without the hooks for extensions that one calls for each field and
// answer.
type executor struct {
	schema    graphql.ExecutableSchema
	present   graphql.ErrorPresenterFunc
	recovered graphql.RecoverFunc
}

func newExecutor(schema graphql.ExecutableSchema, errs presenter) executor {
	return executor{schema, errs.present, errs.recovered}
}

// DispatchOperation implements [graphql.GraphExecutor].
func (e executor) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	ctx = graphql.WithOperationContext(ctx, op)
	if op.Operation.Operation == ast.Subscription {
		return e.subscribe(ctx), ctx
	}
	return e.collecting(e.schema.Exec(ctx)), ctx
}

// subscribe begins a subscription, which can fail before there is anything to
// answer.
func (e executor) subscribe(ctx context.Context) graphql.ResponseHandler {
	ctx = e.withErrors(ctx)
	next := e.schema.Exec(ctx)
	if errs := graphql.GetErrors(ctx); errs != nil {
		return graphql.OneShot(&graphql.Response{Errors: errs})
	}
	return e.collecting(next)
}

// collecting returns next with the errors of each answer in it, and without
// answers once the context has ended.
func (e executor) collecting(next graphql.ResponseHandler) graphql.ResponseHandler {
	return func(ctx context.Context) *graphql.Response {
		if ctx.Err() != nil {
			return nil
		}
		ctx = e.withErrors(ctx)
		answer := next(ctx)
		if answer != nil {
			answer.Errors = append(answer.Errors, graphql.GetErrors(ctx)...)
		}
		return answer
	}
}

// DispatchError implements [graphql.GraphExecutor].
func (e executor) DispatchError(ctx context.Context, list gqlerror.List) *graphql.Response {
	ctx = e.withErrors(ctx)
	for _, err := range list {
		graphql.AddError(ctx, err)
	}
	return &graphql.Response{Errors: graphql.GetErrors(ctx)}
}

// withErrors returns a context that collects the errors of one answer.
func (e executor) withErrors(ctx context.Context) context.Context {
	return graphql.WithResponseContext(ctx, e.present, e.recovered)
}
