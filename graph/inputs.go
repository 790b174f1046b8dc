package graph

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// optional keeps absent, null and a value apart.
func optional[T any](o graphql.Omittable[*T]) service.Optional[T] {
	switch v, given := o.ValueOK(); {
	case !given:
		return service.Optional[T]{}
	case v == nil:
		return service.Null[T]()
	default:
		return service.Some(*v)
	}
}

func filterOf(f *model.UserFilter) service.Optional[service.FilterInput] {
	if f == nil {
		return service.Optional[service.FilterInput]{}
	}
	return service.Some(service.FilterInput{Email: optional(f.Email), Query: optional(f.Query), IsActive: optional(f.IsActive)})
}

func orderOf(o *model.UserOrder) service.Order {
	if o == nil {
		return service.Order{}
	}
	return service.Order{Field: o.Field, Descending: o.Direction == model.OrderDirectionDesc}
}

func sizeOf(n *int32) *int {
	if n == nil {
		return nil
	}
	size := int(*n)
	return &size
}

// target is the user that a mutation is about, in the versions it may be at.
type target struct {
	id     uuid.UUID
	expect service.Versions
}

// target reads what the inputs of all changes have in common. When that is
// wrong, the error lists the mistakes in the other fields too.
func (m mutations) target(id string, expected graphql.Omittable[*int32], in service.UserInput) (t target, err error) {
	var wrong []service.FieldError
	t.id, err = service.ParseID(id)
	wrong = append(wrong, mistakes(err)...)
	version := optional(expected)
	if n, ok := version.Get(); ok {
		t.expect = service.Versions{n}
	}
	if version.IsNull() {
		wrong = append(wrong, service.FieldError{Field: service.FieldExpectedVersion, Code: service.FieldRequired, Message: "This field cannot be null."})
	}
	if wrong == nil {
		return t, nil
	}
	return t, &service.InvalidInputError{Fields: append(wrong, mistakes(m.svc.CheckUser(in))...)}
}

// mistakes are the fields that err says are wrong.
func mistakes(err error) []service.FieldError {
	if e, ok := errors.AsType[*service.InvalidInputError](err); ok {
		return e.Fields
	}
	return nil
}

// under is err with its mistakes laid to field f.
func under(f service.Field, err error) error {
	fields := mistakes(err)
	for i := range fields {
		fields[i].Field = f
	}
	return err
}
