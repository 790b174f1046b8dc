package graph

import (
	"github.com/userd/userd/graph/internal/exec"
	"github.com/userd/userd/service"
)

// resolvers answer the fields of the root types and those that need the
// service; all others are read off the service's own types. Resolvers decode, call the service, and encode.
type resolvers struct{ svc *service.Service }

var (
	_ exec.QueryResolver        = queries{}
	_ exec.SubgraphResolver     = queries{}
	_ exec.MutationResolver     = mutations{}
	_ exec.SubscriptionResolver = subscriptions{}
	_ exec.UserResolver         = users{}
)

// Query implements [exec.ResolverRoot].
func (r resolvers) Query() exec.QueryResolver { return queries(r) }

// Mutation implements [exec.ResolverRoot].
func (r resolvers) Mutation() exec.MutationResolver { return mutations(r) }

// Subscription implements [exec.ResolverRoot].
func (r resolvers) Subscription() exec.SubscriptionResolver { return subscriptions(r) }

// User implements [exec.ResolverRoot].
func (r resolvers) User() exec.UserResolver { return users(r) }
