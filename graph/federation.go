package graph

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// subgraphLink has a composition read the schema as one of Federation 2.
const subgraphLink = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])
`

// subgraphTypes are the types that are more to a composition than they are to
// clients: other subgraphs can refer to a user by its id, and have pages of
// the same form.
var subgraphTypes = strings.NewReplacer(
	"\ntype User implements Node {", "\ntype User implements Node @key(fields: \"id\") {",
	"\ntype PageInfo {", "\ntype PageInfo @shareable {",
)

// subgraph is schema.graphqls as a composition reads it. Every type knows the
// text that it was read from.
func subgraph() string {
	clients := servedSchema().Types["User"].Position.Src.Input
	return subgraphTypes.Replace(clients) + subgraphLink
}

// Service resolves Query._service.
func (q queries) Service(context.Context) model.Subgraph { return model.Subgraph{SDL: subgraph()} }

// Entities resolves Query._entities, with one call of the service for all.
func (q queries) Entities(ctx context.Context, representations []*model.Representation) ([]model.Entity, error) {
	ids := make([]uuid.UUID, len(representations))
	for i, r := range representations {
		var err error
		if ids[i], err = idOf(r); err != nil {
			return nil, under(fieldRepresentations, err)
		}
	}
	found, err := q.svc.UsersByIDs(ctx, ids)
	if err != nil {
		return nil, under(fieldRepresentations, err)
	}
	return objects[model.Entity](found), nil
}

// fieldRepresentations is the argument of _entities, which the service does
// not know.
const fieldRepresentations service.Field = "representations"

// idOf is the id of the user that r stands for.
func idOf(r *model.Representation) (uuid.UUID, error) {
	if r.Typename != "User" {
		return uuid.Nil, &service.InvalidInputError{Fields: []service.FieldError{
			{Code: service.FieldInvalid, Message: "A representation has the __typename User."},
		}}
	}
	return service.ParseID(r.ID)
}
