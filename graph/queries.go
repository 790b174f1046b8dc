package graph

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

type queries struct{ svc *service.Service }

// User resolves Query.user.
func (q queries) User(ctx context.Context, id string) (*service.User, error) {
	parsed, err := service.ParseID(id)
	if err != nil {
		return nil, err
	}
	u, err := q.svc.User(ctx, parsed)
	return &u, err
}

// UserByEmail resolves Query.userByEmail.
func (q queries) UserByEmail(ctx context.Context, email string) (*service.User, error) {
	return q.svc.UserByEmail(ctx, email)
}

// UsersByIds resolves Query.usersByIds.
func (q queries) UsersByIds(ctx context.Context, ids []string) ([]*service.User, error) {
	parsed, err := parseIDs(ids)
	if err != nil {
		return nil, err
	}
	return q.svc.UsersByIDs(ctx, parsed)
}

// Users resolves Query.users.
func (q queries) Users(ctx context.Context, first *int32, after *string, last *int32, before *string, filter *model.UserFilter, orderBy *model.UserOrder) (*model.UserConnection, error) {
	in := service.ListInput{Filter: filterOf(filter), Order: orderOf(orderBy), First: sizeOf(first), After: after, Last: sizeOf(last), Before: before}
	page, err := q.svc.ListUsers(ctx, in)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (int, error) { return q.svc.CountUsers(ctx, in.Filter) }
	return model.NewUserConnection(page, count), nil
}

// Node resolves Query.node. Relay refetches by it and takes null for what is
// no longer there.
func (q queries) Node(ctx context.Context, id string) (model.Node, error) {
	u, err := q.User(ctx, id)
	if errors.Is(err, &service.UserNotFoundError{}) {
		return nil, nil
	}
	return u, err
}

// Nodes resolves Query.nodes.
func (q queries) Nodes(ctx context.Context, ids []string) ([]model.Node, error) {
	found, err := q.UsersByIds(ctx, ids)
	return objects[model.Node](found), err
}

// objects are users as what an abstract type is bound to. A nil *User in an
// interface would not be nil.
func objects[T any](users []*service.User) []T {
	list := make([]T, len(users))
	for i, u := range users {
		if u != nil {
			list[i] = any(u).(T)
		}
	}
	return list
}

// parseIDs reads all ids, or says that one is none.
func parseIDs(ids []string) ([]uuid.UUID, error) {
	parsed := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		var err error
		if parsed[i], err = service.ParseID(id); err != nil {
			return nil, under(service.FieldIDs, err)
		}
	}
	return parsed, nil
}
