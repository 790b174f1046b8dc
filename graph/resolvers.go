package graph

import (
	"github.com/userd/userd/graph/internal/exec"
	"github.com/userd/userd/service"
)

// resolvers answer the fields of the root types; those of all others are read
// off the service's own types. Resolvers decode, call the service, and encode.
type resolvers struct{ svc *service.Service }

var (
	_ exec.QueryResolver    = queries{}
	_ exec.MutationResolver = mutations{}
)

// Query implements [exec.ResolverRoot].
func (r resolvers) Query() exec.QueryResolver { return queries(r) }

// Mutation implements [exec.ResolverRoot].
func (r resolvers) Mutation() exec.MutationResolver { return mutations(r) }
