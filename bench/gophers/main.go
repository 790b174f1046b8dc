// Gophers serves the users by graph-gophers, to be measured beside userd. The
// users are the answer of userd to a list: gophers PORT USERS.json
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"

	graphql "github.com/graph-gophers/graphql-go"
	"github.com/graph-gophers/graphql-go/relay"
)

const schema = `
scalar DateTime
scalar EmailAddress
type Query {
  user(id: ID!): User
  users(first: Int = 50): UserConnection!
}
type UserConnection { nodes: [User!]! }
type User {
  id: ID!
  email: EmailAddress!
  firstName: String!
  lastName: String!
  isActive: Boolean!
  version: Int!
  createdAt: DateTime!
  updatedAt: DateTime!
}`

// text is a scalar that is written as a string.
type text string

// ImplementsGraphQLType tells graph-gophers which scalars it stands for.
func (text) ImplementsGraphQLType(name string) bool {
	return name == "DateTime" || name == "EmailAddress"
}

// UnmarshalGraphQL is never called: no argument is of these types.
func (*text) UnmarshalGraphQL(any) error { return nil }

type user struct {
	ID        graphql.ID
	Email     text
	FirstName string
	LastName  string
	IsActive  bool
	Version   int32
	CreatedAt text
	UpdatedAt text
}

type connection struct{ Nodes []*user }

type resolver struct {
	users []*user
	byID  map[graphql.ID]*user
}

func (r *resolver) User(args struct{ ID graphql.ID }) *user { return r.byID[args.ID] }

func (r *resolver) Users(args struct{ First int32 }) *connection {
	return &connection{r.users[:min(int(args.First), len(r.users))]}
}

func main() {
	b, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	var answer struct{ Data struct{ Users connection } }
	if err := json.Unmarshal(b, &answer); err != nil {
		log.Fatal(err)
	}
	r := &resolver{answer.Data.Users.Nodes, make(map[graphql.ID]*user)}
	for _, u := range r.users {
		r.byID[u.ID] = u
	}
	parsed := graphql.MustParseSchema(schema, r, graphql.UseFieldResolvers())
	http.Handle("/graphql", &relay.Handler{Schema: parsed})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
