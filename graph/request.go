package graph

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"os"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/internal/scratch"
	"github.com/userd/userd/internal/web"
)

// read returns the parameters of a GraphQL-over-HTTP request.
func (t httpTransport) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *gqlerror.Error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return t.readURL(r)
	case http.MethodPost:
		body, err := t.readBody(w, r)
		if err != nil {
			return nil, err
		}
		defer scratch.Put(body)
		return decodeBody(body, t.limits.ValueDepth)
	}
	w.Header().Set("Allow", allowed)
	return nil, problem(codeMethodNotAllowed, "The method must be one of %s.", allowed)
}

// readBody returns the body of a POST if its headers say that it is JSON, in
// memory of package scratch.
func (t httpTransport) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *gqlerror.Error) {
	if !web.HasText(r.Header, typeJSON) {
		w.Header().Set("Accept", typeJSON)
		return nil, problem(codeUnsupportedMediaType, "The body must be JSON in UTF-8 and its Content-Type must say so: %s.", typeJSON)
	}
	body := bytes.NewBuffer(scratch.Get())
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, t.limits.BodyBytes))
	switch tooLarge, ok := errors.AsType[*http.MaxBytesError](err); {
	case ok:
		return nil, problem(codeBodyTooLarge, "A body has at most %d bytes.", tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem(codeRequestTimeout, "The body took too long to arrive.")
	case err != nil:
		return nil, problem(codeBadRequest, "The body could not be read to its end.")
	}
	return body.Bytes(), nil
}

// readURL reads the parameters from the query string of a GET.
func (t httpTransport) readURL(r *http.Request) (*graphql.RawParams, *gqlerror.Error) {
	if len(r.URL.RawQuery) > t.limits.URLBytes {
		return nil, problem(codeURLTooLong, "A query string has at most %d bytes; use POST.", t.limits.URLBytes)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problem(codeBadRequest, "The query string is malformed.")
	}
	in := parameters{values: values, depth: t.limits.ValueDepth}
	params := &graphql.RawParams{Query: in.text("query"), OperationName: in.text("operationName"),
		Variables: in.object("variables"), Extensions: in.object("extensions")}
	return params, in.err
}

// parameters reads a query string, up to the first mistake.
type parameters struct {
	values url.Values
	depth  int
	err    *gqlerror.Error
}

// text returns a parameter; absent is the same as empty.
func (p *parameters) text(name string) string {
	v := p.values[name]
	if len(v) > 1 || !utf8.ValidString(p.values.Get(name)) {
		p.err = problem(codeBadRequest, "The parameter %s must be given once, in UTF-8.", name)
	}
	return p.values.Get(name)
}

// object returns a parameter that is a JSON object or null.
func (p *parameters) object(name string) map[string]any {
	text := p.text(name)
	if p.err != nil || text == "" {
		return nil
	}
	object, err := decodeObject([]byte(text), p.depth)
	if err != nil {
		p.err = err
	}
	return object
}
