package graph

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/service"
)

// TestPermit covers subscriptions too, which the schema does not have yet.
func TestPermit(t *testing.T) {
	for _, c := range []struct {
		method string
		op     ast.Operation
		code   string
	}{
		{http.MethodPost, ast.Query, ""},
		{http.MethodGet, ast.Query, ""},
		{http.MethodHead, ast.Query, ""},
		{http.MethodPost, ast.Mutation, ""},
		{http.MethodGet, ast.Mutation, "METHOD_NOT_ALLOWED"},
		{http.MethodHead, ast.Mutation, "METHOD_NOT_ALLOWED"},
		{http.MethodPost, ast.Subscription, "BAD_REQUEST"},
		{http.MethodGet, ast.Subscription, "BAD_REQUEST"},
	} {
		code := ""
		if err := permit(httptest.NewRecorder(), c.method, c.op); err != nil {
			code = string(codeOf(err))
		}
		if code != c.code {
			t.Errorf("%s of a %s: %q", c.method, c.op, code)
		}
	}
}

// TestLeafKnowsTypesThatTheSchemaHasNot: Float, and whole numbers as such.
func TestLeafKnowsTypesThatTheSchemaHasNot(t *testing.T) {
	float := &ast.Definition{Kind: ast.Scalar, Name: "Float"}
	for _, v := range []any{int64(1), 1.5} {
		if got, wrong := leaf(float, v); got != v || wrong != "" {
			t.Errorf("%v is taken as %v, %s", v, got, wrong)
		}
	}
	for _, v := range []any{"1.5", true, nil, []any{}} {
		if got, wrong := leaf(float, v); got != nil || wrong != "Float takes a number." {
			t.Errorf("%v is taken as %v, %s", v, got, wrong)
		}
	}
}

func TestShorten(t *testing.T) {
	if got := shorten("short"); got != "short" {
		t.Errorf("got %q", got)
	}
	for i := range 4 { // wherever a character is cut through
		got := shorten(strings.Repeat("x", i) + strings.Repeat("ä", maxMessage))
		if len(got) > maxMessage+len("…") || !utf8.ValidString(got) || !strings.HasSuffix(got, "ä…") {
			t.Errorf("got %q", got)
		}
	}
}

func TestCacheKeepsTheFirst(t *testing.T) {
	c := newCache(1 << 20)
	first := &document{text: "a"}
	c.add(documentID{1}, first)
	c.add(documentID{1}, &document{text: "a"})
	if got, ok := c.get(documentID{1}); !ok || got != first || c.used != first.cost() {
		t.Errorf("got %v, %v; %d bytes used", got, ok, c.used)
	}
}

// TestStrangeErrorsAreInternal: an error without a code that is known here.
func TestStrangeErrorsAreInternal(t *testing.T) {
	resp := &graphql.Response{Errors: gqlerror.List{{Message: "x"}}}
	for _, mediaType := range []string{typeJSON, typeGraphQL} {
		if got := (reply{mediaType}).status(resp); got != http.StatusInternalServerError {
			t.Errorf("%s: %d", mediaType, got)
		}
	}
}

// TestOutcomeUnknown: it is never told as a failure, not even when the store
// gave up because the request had ended.
func TestOutcomeUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ctx := range map[string]context.Context{"while the request goes on": t.Context(), "when it has ended": ctx} {
		p := newPresenter(slog.New(slog.DiscardHandler), nobody{})
		got := p.present(ctx, &service.OutcomeUnknownError{Err: context.Canceled})
		if got.Extensions["code"] != service.CodeOutcomeUnknown || got.Message != kinds[service.CodeOutcomeUnknown].message {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Of one field in the document there are several errors when it stands in a list
// or in a fragment.
func TestSortErrors(t *testing.T) {
	path := func(elements ...ast.PathElement) ast.Path { return elements }
	at := func(line, column int, p ast.Path) *gqlerror.Error {
		return &gqlerror.Error{Locations: []gqlerror.Location{{Line: line, Column: column}}, Path: p}
	}
	sorted := gqlerror.List{
		{Message: "about the whole"},
		at(1, 9, nil),
		at(2, 1, path(ast.PathName("a"), ast.PathName("name"))),
		at(2, 1, path(ast.PathName("b"), ast.PathName("name"))),
		at(2, 7, path(ast.PathName("users"), ast.PathIndex(2), ast.PathName("name"))),
		at(2, 7, path(ast.PathName("users"), ast.PathIndex(10), ast.PathName("name"))),
	}
	list := slices.Clone(sorted)
	slices.Reverse(list)
	if sortErrors(list); !slices.Equal(list, sorted) {
		t.Errorf("%v", list)
	}
}
