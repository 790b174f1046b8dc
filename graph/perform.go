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

// performance is an operation that is performed, by one goroutine at a time.
type performance struct {
	performer
	op *graphql.OperationContext
	// ctx ends when nobody wants op's answers any more, and cancel ends it.
	ctx    context.Context
	cancel context.CancelFunc
	// send is handed the answers, until it returns false.
	send func(*graphql.Response) bool
	// done is called at the end, with whether op was carried through to that;
	// otherwise the client has gone, or is to ask again somewhere else.
	done func(bool)

	stay func() bool             // has the server's end not be that of op
	next graphql.ResponseHandler // nil until op has begun
	from source                  // nil unless it is a subscription that has begun
}

// perform performs an operation. Where it would have to wait it returns, and
// goes on in another goroutine: of many thousand subscriptions nearly all wait,
// and hold no stack.
func (r *performance) perform() {
	if r.op.Operation.Operation == ast.Subscription {
		r.stay = context.AfterFunc(r.drain, r.cancel)
	}
	r.goOn()
}

// goOn performs until there is something to wait for.
func (r *performance) goOn() {
	over, ok := r.answers()
	if !over {
		return
	}
	if r.stay != nil {
		r.stay()
	}
	r.done(ok && r.ctx.Err() == nil)
}

// answers hands the answers to send until there are no more, or none yet. It
// reports whether op is over, and if so whether send took them all. When ctx has
// ended an answer may merely say so, which is nothing to tell: a client would take
// it for the end. A panic outside of resolvers, which the executor would let
// through, is the last answer.
func (r *performance) answers() (over, ok bool) {
	defer func() {
		if v := recover(); v != nil {
			over, ok = true, r.send(r.exec.DispatchError(r.ctx, asList(r.errs.recovered(r.ctx, v))))
		}
	}()
	if r.next == nil {
		r.next, r.ctx = r.exec.DispatchOperation(withSource(r.ctx, &r.from), r.op)
	}
	for {
		if r.from != nil {
			filled, err := r.from.fill(r.ctx, r.goOn)
			switch {
			case err != nil && r.ctx.Err() == nil:
				return true, r.send(r.exec.DispatchError(r.ctx, asList(err)))
			case err == nil && !filled:
				return false, false // another goroutine may be at it by now
			}
		}
		answer := r.next(r.ctx)
		if answer == nil {
			return true, true
		}
		if r.ctx.Err() != nil || !r.send(answer) {
			return true, false
		}
	}
}
