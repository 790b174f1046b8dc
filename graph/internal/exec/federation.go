package exec

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/userd/userd/graph/internal/model"
)

// SubgraphResolver is what the resolver of Query implements besides: gqlgen
// does not count the two fields of a subgraph among those of Query, but leaves
// them to a plugin of its own. That would call a resolver for each
// representation, in a goroutine each.
type SubgraphResolver interface {
	// Service resolves Query._service.
	Service(ctx context.Context) model.Subgraph
	// Entities resolves Query._entities.
	Entities(ctx context.Context, representations []*model.Representation) ([]model.Entity, error)
}

func (ec *executionContext) subgraph() SubgraphResolver {
	return ec.Resolvers.Query().(SubgraphResolver)
}

// __resolve__service has the name that generated code calls.
func (ec *executionContext) __resolve__service(ctx context.Context) (model.Subgraph, error) {
	return ec.subgraph().Service(ctx), nil
}

// __resolve_entities has the name that generated code calls. That takes no
// error, so that all entities are null when there is one.
func (ec *executionContext) __resolve_entities(ctx context.Context, representations []*model.Representation) []model.Entity {
	entities, err := ec.subgraph().Entities(ctx, representations)
	if err != nil {
		ec.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
		return make([]model.Entity, len(representations))
	}
	return entities
}
