package graph

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/service"
)

// panicking is an executor that panics where no resolver is to blame.
type panicking struct{ executor }

func (panicking) CreateOperationContext(context.Context, *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	panic("secret")
}

func (panicking) DispatchOperation(context.Context, *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	panic("secret")
}

func TestPanicsOfTheExecutorAreAnswers(t *testing.T) {
	errs := newPresenter(slog.New(slog.DiscardHandler), nobody{})
	p := performer{panicking{newExecutor(nil, errs)}, errs, context.Background(), nil}
	if _, mistake := p.prepare(t.Context(), &graphql.RawParams{}); mistake == nil || codeOf(mistake.Errors[0]) != service.CodeInternal {
		t.Errorf("prepare: %v", mistake)
	}
	op := &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: ast.Subscription}}
	var answers []*graphql.Response
	var done bool
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &performance{performer: p, op: op, ctx: ctx, cancel: cancel, done: func(ok bool) { done = ok }}
	r.send = func(answer *graphql.Response) bool {
		answers = append(answers, answer)
		return true
	}
	r.perform()
	if !done || len(answers) != 1 || codeOf(answers[0].Errors[0]) != service.CodeInternal {
		t.Errorf("perform: %v %v", done, answers)
	}
}

// TestNothingBeginsWhileLeaving: what comes too late is left for the next
// server, without a word that would make the client give up.
func TestNothingBeginsWhileLeaving(t *testing.T) {
	s := &socket{socketTransport: new(socketTransport), leaving: true, open: make(map[string]*operation)}
	s.initialised = true
	f := frame{Type: frameSubscribe, ID: "1", Payload: []byte(`{"query": "{ __typename }"}`)}
	if reason := s.subscribe(t.Context(), f); reason != nil || len(s.open) != 0 || s.active != 0 {
		t.Errorf("%v %v", reason, s.open)
	}
}

func TestUpgradeWriterLetsOneAnswerPass(t *testing.T) {
	for status, passes := range map[int]bool{101: true, 400: false} {
		out := &counter{}
		w := &upgradeWriter{ResponseWriter: out}
		w.WriteHeader(status)
		if n, err := w.Write([]byte("x")); n != 1 || err != nil || (out.n == 2) != passes || (out.n == 0) == passes {
			t.Errorf("%d: %d, %v, %d", status, n, err, out.n)
		}
	}
}

// counter is a response that counts what is done with it.
type counter struct{ n int }

func (c *counter) Header() http.Header         { return http.Header{} }
func (c *counter) WriteHeader(int)             { c.n++ }
func (c *counter) Write(b []byte) (int, error) { c.n++; return len(b), nil }
