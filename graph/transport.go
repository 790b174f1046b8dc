package graph

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// allowed are the methods that the route takes.
const allowed = "GET, HEAD, OPTIONS, POST"

// httpTransport is GraphQL over HTTP: one request, one answer in JSON.
type httpTransport struct {
	performer
	limits Limits
}

var _ graphql.Transport = httpTransport{}

// Supports implements [graphql.Transport]: it takes every request.
func (httpTransport) Supports(*http.Request) bool { return true }

// Do implements [graphql.Transport].
func (t httpTransport) Do(w http.ResponseWriter, r *http.Request, e graphql.GraphExecutor) {
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	mediaType, ok := negotiate(r.Header.Values("Accept"))
	answer := reply{mediaType: mediaType}
	if !ok {
		answer.fail(w, r, e, problem(codeNotAcceptable, "The answer can be %s or %s.", typeGraphQL, typeJSON))
		return
	}
	r, refusal := t.authenticate(w, r)
	if refusal != nil {
		answer.send(w, r, refusal)
		return
	}
	params, err := t.read(w, r)
	if err != nil {
		answer.fail(w, r, e, err)
		return
	}
	answer.send(w, r, execute(r.Context(), w, r.Method, e, params))
}

// execute runs what params ask for.
func execute(ctx context.Context, w http.ResponseWriter, method string, e graphql.GraphExecutor, params *graphql.RawParams) *graphql.Response {
	opCtx, errs := e.CreateOperationContext(ctx, params)
	if errs != nil {
		return e.DispatchError(graphql.WithOperationContext(ctx, opCtx), errs)
	}
	if err := permit(w, method, opCtx.Operation.Operation); err != nil {
		return e.DispatchError(ctx, gqlerror.List{err})
	}
	next, ctx := e.DispatchOperation(ctx, opCtx)
	if resp := next(ctx); resp != nil {
		return resp
	}
	return e.DispatchError(ctx, asList(errGivenUp(ctx.Err()))) // what the executor does when the request has ended
}

// permit tells whether a request by this method may run such an operation: one
// by GET must change nothing, and a stream of answers needs another transport.
func permit(w http.ResponseWriter, method string, op ast.Operation) *gqlerror.Error {
	if op == ast.Subscription {
		return problem(codeBadRequest, "A subscription needs a connection that can carry more than one answer: a WebSocket, or an Accept header with %s and no JSON.", typeEvents)
	}
	return permitWriting(w, method, op)
}

func permitWriting(w http.ResponseWriter, method string, op ast.Operation) *gqlerror.Error {
	if op == ast.Mutation && method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return problem(codeMethodNotAllowed, "A mutation must be sent by POST.")
	}
	return nil
}
