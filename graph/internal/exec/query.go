package exec

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/userd/userd/internal/scratch"
)

// New returns the schema that the resolvers of cfg answer: the generated one,
// which runs a query of one field without what it takes to run many at once.
func New(cfg Config) graphql.ExecutableSchema {
	return &schema{NewExecutableSchema(cfg).(*executableSchema)}
}

type schema struct{ *executableSchema }

// queryFields are the generated resolvers of those fields of Query that
// clients ask for alone.
var queryFields = map[string]func(*executionContext, context.Context, graphql.CollectedField) graphql.Marshaler{
	"me":          (*executionContext)._Query_me,
	"user":        (*executionContext).user,
	"userByEmail": (*executionContext)._Query_userByEmail,
	"usersByIds":  (*executionContext)._Query_usersByIds,
	"users":       (*executionContext)._Query_users,
	"node":        (*executionContext)._Query_node,
	"nodes":       (*executionContext)._Query_nodes,
	"_entities":   (*executionContext)._Query__entities,
}

// Exec implements [graphql.ExecutableSchema].
func (s *schema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	field := onlyField(op.Operation)
	if field == nil || queryFields[field.Name] == nil {
		return s.executableSchema.Exec(ctx)
	}
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		return &graphql.Response{Data: s.query(ctx, op, graphql.CollectedField{Field: field, Selections: field.SelectionSet})}
	}
}

// onlyField is the field of a query that has one, as it stands, or nil.
func onlyField(op *ast.OperationDefinition) *ast.Field {
	if op.Operation != ast.Query || len(op.SelectionSet) != 1 {
		return nil
	}
	field, ok := op.SelectionSet[0].(*ast.Field)
	if !ok || len(field.Directives) > 0 {
		return nil
	}
	return field
}

// query returns the data of a query of one field: null when the field is and
// must not be.
func (s *schema) query(ctx context.Context, op *graphql.OperationContext, field graphql.CollectedField) []byte {
	ec := newExecutionContext(op, s.executableSchema, nil)
	value := queryFields[field.Name](ec, ctx, field)
	if value == graphql.Null && field.Definition.Type.NonNull {
		return []byte("null")
	}
	b := bytes.NewBuffer(scratch.Get())
	b.WriteString(`{"`)
	b.WriteString(field.Alias)
	b.WriteString(`":`)
	value.MarshalGQL(b)
	b.WriteByte('}')
	return b.Bytes()
}
