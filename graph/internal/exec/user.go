package exec

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// user resolves Query.user, which is asked for most. Where its id is a variable,
// which has been checked by now, no maps of arguments and no path for their
// errors are made for it. All else is as generated.
func (ec *executionContext) user(ctx context.Context, field graphql.CollectedField) graphql.Marshaler {
	id, ok := ec.variable(field.Arguments.ForName("id"))
	if !ok {
		return ec._Query_user(ctx, field)
	}
	return graphql.ResolveField(ctx, ec.OperationContext, field,
		func(context.Context, graphql.CollectedField) (*graphql.FieldContext, error) {
			return &graphql.FieldContext{Object: "Query", Field: field, IsMethod: true, IsResolver: true, Child: ec.childFields_User}, nil
		},
		func(ctx context.Context) (any, error) { return ec.Resolvers.Query().User(ctx, id) },
		nil, ec.marshalOUser2ᚖgithubᚗcomᚋuserdᚋuserdᚋserviceᚐUser, true, false)
}

// variable returns the text that a variable gives an argument, if that is how it
// is given.
func (ec *executionContext) variable(arg *ast.Argument) (text string, ok bool) {
	if arg.Value.Kind == ast.Variable {
		text, ok = ec.Variables[arg.Value.Raw].(string)
	}
	return text, ok
}
