package direct

import (
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// Fields is the [graphql.FieldMiddleware] that gives fields of users, and of
// pages of them, their values as they are to be written. All other values, and
// errors, it leaves alone.
func Fields(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil {
		return value, err
	}
	var written graphql.Marshaler
	switch v := value.(type) {
	case *service.User:
		written = one(selectionOf(ctx).user(), v)
	case []*service.User:
		written = list(selectionOf(ctx).user(), v, func(u **service.User) *service.User { return *u })
	case []model.Node:
		written = list(selectionOf(ctx).user(), v, userIn)
	case []model.Entity:
		written = list(selectionOf(ctx).user(), v, userIn)
	case *model.UserConnection:
		written = one(selectionOf(ctx).connection(), v)
	case []service.UserItem:
		written = list(selectionOf(ctx).edge(), v, itself)
	}
	if written != nil {
		return written, nil
	}
	return value, nil
}

// userIn is the user that an abstract type's value is: they all are, or nil.
func userIn[A any](object *A) *service.User {
	u, _ := any(*object).(*service.User)
	return u
}

// one writes v as o, if there are both.
func one[T any](o object[T], v *T) graphql.Marshaler {
	if o == nil || v == nil {
		return nil
	}
	return appended(func(b []byte) []byte { return o.append(b, v) })
}

// list writes the objects that are in items as o, if there is an o, and null
// for nil.
func list[I, T any](o object[T], items []I, in func(*I) *T) graphql.Marshaler {
	if o == nil {
		return nil
	}
	return appended(func(b []byte) []byte { return appendList(b, o, items, in) })
}

// appended is a value that appendTo writes. The executor writes into a
// [bytes.Buffer], whose own memory is appended to.
func appended(appendTo func(b []byte) []byte) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var b []byte
		if buffer, ok := w.(interface{ AvailableBuffer() []byte }); ok {
			b = buffer.AvailableBuffer()
		}
		_, _ = w.Write(appendTo(b)) // as all marshalers of gqlgen do
	})
}
