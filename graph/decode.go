package graph

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// What is wrong with JSON that is well formed.
var (
	errTooDeep   = errors.New("too deep")
	errWrongKind = errors.New("a value of another type")
)

// decodeBody reads the body of a POST: strictly, so that nobody between the
// client and us can have read it differently. Lists and objects in variables
// and extensions may nest depth levels deep.
func decodeBody(body []byte, depth int) (*graphql.RawParams, *gqlerror.Error) {
	const above = 2 // the body and the member
	in := request{values: values{depth + above}}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, decodeProblem(err, depth)
	}
	return &in.params, nil
}

// decodeObject reads a JSON object, or null, in the same way.
func decodeObject(text []byte, depth int) (map[string]any, *gqlerror.Error) {
	in := object{values: values{depth + 1}}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, decodeProblem(err, depth)
	}
	return in.members, nil
}

// decodeProblem tells a client what is wrong with its JSON and where, without
// repeating any of it.
func decodeProblem(err error, depth int) *gqlerror.Error {
	if errors.Is(err, errTooDeep) {
		return exceeds("valueDepth", depth, "Lists and objects nest at most %d levels deep.")
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return problem(codeMalformedJSON, "The request is not JSON in UTF-8 with each name once, at byte %d.", e.ByteOffset)
	}
	return problem(codeBadRequest, "A request is an object in which query and operationName are strings, and variables and extensions are objects.")
}

// request is the body of a POST. It is read without reflection, which takes
// twice as long: a tenth of what a small query costs.
type request struct {
	values
	params graphql.RawParams
}

var _ json.UnmarshalerFrom = (*request)(nil)

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. Members with other names
// are ignored, as GraphQL over HTTP demands; null is the same as absent.
func (r *request) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return members(d, func(name string) (err error) {
		switch name {
		case "query":
			r.params.Query, err = text(d)
		case "operationName":
			r.params.OperationName, err = text(d)
		case "variables":
			r.params.Variables, err = r.object(d)
		case "extensions":
			r.params.Extensions, err = r.object(d)
		default:
			err = d.SkipValue()
		}
		return err
	})
}

// object is a JSON object of any values, or null.
type object struct {
	values
	members map[string]any
}

var _ json.UnmarshalerFrom = (*object)(nil)

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (o *object) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	o.members, err = o.object(d)
	return err
}

// values reads values of any type, of which lists and objects begin less than
// depth levels deep.
type values struct{ depth int }

// object reads an object, or null, as deep as it may be.
func (v values) object(d *jsontext.Decoder) (object map[string]any, err error) {
	if d.PeekKind() == '{' {
		object = make(map[string]any)
	}
	return object, members(d, func(name string) (err error) {
		object[name], err = v.value(d)
		return err
	})
}

// value reads any value; numbers are as [number] has them.
func (v values) value(d *jsontext.Decoder) (any, error) {
	switch kind := d.PeekKind(); {
	case (kind == '{' || kind == '[') && d.StackDepth() >= v.depth:
		return nil, errTooDeep
	case kind == '{':
		return v.object(d)
	case kind == '[':
		return v.list(d)
	}
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String()), nil
	case 'n':
		return nil, nil
	}
	return token.Bool(), nil
}

func (v values) list(d *jsontext.Decoder) (any, error) {
	list := []any{}
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() != ']' {
		var item any
		item, err = v.value(d)
		list = append(list, item)
	}
	if err == nil {
		_, err = d.ReadToken()
	}
	return list, err
}

// members reads an object, whose members read reads by their names, or null.
func members(d *jsontext.Decoder, read func(name string) error) error {
	token, err := d.ReadToken()
	if err != nil || token.Kind() == 'n' {
		return err
	}
	if token.Kind() != '{' {
		return errWrongKind
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := read(name.String()); err != nil {
			return err
		}
	}
	_, err = d.ReadToken()
	return err
}

// text reads a string, or null.
func text(d *jsontext.Decoder) (string, error) {
	token, err := d.ReadToken()
	switch {
	case err != nil || token.Kind() == 'n':
		return "", err
	case token.Kind() != '"':
		return "", errWrongKind
	}
	return token.String(), nil
}
