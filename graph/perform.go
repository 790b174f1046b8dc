package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/userd/userd/service"
)

// performer runs operations of any kind for the transports that can carry more
// than one answer.
type performer struct {
	exec graphql.GraphExecutor
	errs presenter
	// drain ends subscriptions. Queries and mutations are finished.
	drain context.Context
	svc   *service.Service
}

// prepare makes params an operation, or returns the answer that says why not.
func (p performer) prepare(ctx context.Context, params *graphql.RawParams) (op *graphql.OperationContext, mistake *graphql.Response) {
	defer func() {
		if v := recover(); v != nil {
			mistake = p.exec.DispatchError(ctx, asList(p.errs.recovered(ctx, v)))
		}
	}()
	op, errs := p.exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return nil, p.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)
	}
	return op, nil
}

// perform runs op and hands its answers to send, until there are no more, send
// returns false, or ctx ends. It reports whether op was carried through to its
// end; otherwise the client has gone, or is to ask again somewhere else.
func (p performer) perform(ctx context.Context, op *graphql.OperationContext, send func(*graphql.Response) bool) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if op.Operation.Operation == ast.Subscription {
		defer context.AfterFunc(p.drain, cancel)()
	}
	return p.answers(ctx, op, send) && ctx.Err() == nil
}

// answers hands the answers to send until there are no more, and reports
// whether send took them all. When ctx has ended an answer may merely say so,
// which is nothing to tell: a client would take it for the end. A panic outside
// of resolvers, which the executor would let through, is the last answer.
func (p performer) answers(ctx context.Context, op *graphql.OperationContext, send func(*graphql.Response) bool) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			ok = send(p.exec.DispatchError(ctx, asList(p.errs.recovered(ctx, v))))
		}
	}()
	from := new(source)
	next, ctx := p.exec.DispatchOperation(withSource(ctx, from), op)
	for {
		err := from.next(ctx)
		if err != nil && ctx.Err() == nil {
			return send(p.exec.DispatchError(ctx, asList(err)))
		}
		answer := next(ctx)
		if answer == nil {
			return true
		}
		if ctx.Err() != nil || !send(answer) {
			return false
		}
	}
}
