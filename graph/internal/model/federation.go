package model

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
)

// Entity is an object of the schema's union _Entity.
type Entity any

// Subgraph is what a composition is told.
type Subgraph struct {
	// SDL is the subgraph's schema.
	SDL string
}

// Representation names an object, as the scalar _Any.
type Representation struct {
	Typename string
	ID       string
}

// UnmarshalRepresentation reads the scalar _Any. What it leaves empty is the
// resolver's to refuse, and what else another subgraph sends along is not
// looked at.
func UnmarshalRepresentation(v any) (r Representation, err error) {
	object, ok := v.(map[string]any)
	if !ok {
		return r, errors.New("_Any takes an object")
	}
	r.Typename, _ = object["__typename"].(string)
	r.ID, _ = object["id"].(string)
	return r, nil
}

// MarshalRepresentation completes the pair that gqlgen asks for. No answer has
// a representation.
func MarshalRepresentation(Representation) graphql.Marshaler { return graphql.Null }
