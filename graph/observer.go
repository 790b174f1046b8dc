package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/userd/userd/service"
)

// Observer is told what the handler does, for those who measure it.
type Observer interface {
	// Begin is told of an operation before it is executed: query, mutation or
	// subscription, and the name that its author gave it, if any. The operation
	// is executed in the context that it returns; end is called once it is over.
	Begin(ctx context.Context, kind, name string) (operation context.Context, end func())
	// Failed is told of each error that is answered, with the context of the
	// operation if that was begun.
	Failed(ctx context.Context, code service.Code)
}

// nobody observes nothing.
type nobody struct{}

// Begin implements [Observer].
func (nobody) Begin(ctx context.Context, _, _ string) (context.Context, func()) {
	return ctx, func() {}
}

// Failed implements [Observer].
func (nobody) Failed(context.Context, service.Code) {}

// DispatchOperation implements [graphql.GraphExecutor]. A subscription is over
// when its context ends, which each transport sees to, and another operation
// with its one answer. Fields of a query are resolved at once, in any order;
// their errors stand in that of the document.
func (a *admission) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	ctx, end := a.watch.Begin(ctx, string(op.Operation.Operation), op.Operation.Name)
	next, inner := a.executor.DispatchOperation(ctx, op)
	if op.Operation.Operation == ast.Subscription {
		context.AfterFunc(ctx, end)
		return next, inner
	}
	over := false
	return func(ctx context.Context) *graphql.Response {
		if !over {
			over = true
			defer end()
		}
		answer := next(ctx)
		if answer != nil {
			sortErrors(answer.Errors)
		}
		return answer
	}, inner
}
