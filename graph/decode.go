package graph

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// request is the body of a POST. Members with other names are ignored, as
// GraphQL over HTTP demands; null is the same as absent.
type request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// decodeBody reads the body of a POST: strictly, so that nobody between the
// client and us can have read it differently. Lists and objects in variables
// and extensions may nest depth levels deep.
func decodeBody(body []byte, depth int) (*graphql.RawParams, *gqlerror.Error) {
	var in request
	const above = 2 // the body and the member
	if err := json.Unmarshal(body, &in, anyValues(depth+above)); err != nil {
		return nil, decodeProblem(err, depth)
	}
	return &graphql.RawParams{Query: in.Query, OperationName: in.OperationName, Variables: in.Variables, Extensions: in.Extensions}, nil
}

// decodeObject reads a JSON object, or null, in the same way.
func decodeObject(text []byte, depth int) (object map[string]any, _ *gqlerror.Error) {
	if err := json.Unmarshal(text, &object, anyValues(depth+1)); err != nil {
		return nil, decodeProblem(err, depth)
	}
	return object, nil
}

// errTooDeep says that JSON nests too deep.
var errTooDeep = errors.New("too deep")

// anyValues makes values of any type decode no deeper than depth, and numbers
// as [number] has them.
func anyValues(depth int) json.Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, v *any) error {
		switch d.PeekKind() {
		case '{', '[':
			if d.StackDepth() >= depth {
				return errTooDeep
			}
		case '0':
			text, err := d.ReadValue()
			*v = number(string(text))
			return err
		}
		return errors.ErrUnsupported // decode it as usual
	}))
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
