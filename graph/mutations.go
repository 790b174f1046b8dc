package graph

import (
	"context"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

type mutations struct{ svc *service.Service }

// CreateUser resolves Mutation.createUser.
func (m mutations) CreateUser(ctx context.Context, in model.CreateUserInput) (*model.UserPayload, error) {
	fields := service.UserInput{
		Email:     service.Some(in.Email),
		FirstName: service.Some(in.FirstName),
		LastName:  service.Some(in.LastName),
		Password:  service.Some(in.Password),
		IsActive:  optional(in.IsActive),
	}
	if in.IdempotencyKey.IsSet() {
		var key string // null is no key
		if given := in.IdempotencyKey.Value(); given != nil {
			key = *given
		}
		u, _, err := m.svc.CreateUserOnce(ctx, key, fields)
		return userPayload(u, err)
	}
	return userPayload(m.svc.CreateUser(ctx, fields))
}

// CreateUsers resolves Mutation.createUsers.
func (m mutations) CreateUsers(ctx context.Context, in model.CreateUsersInput) (*model.UsersPayload, error) {
	items := make([]service.BatchItem, len(in.Users))
	for i, u := range in.Users {
		items[i].UserInput = service.UserInput{
			Email:     service.Some(u.Email),
			FirstName: service.Some(u.FirstName),
			LastName:  service.Some(u.LastName),
			Password:  optional(u.Password),
			IsActive:  optional(u.IsActive),
		}
	}
	results, err := m.svc.CreateUsers(ctx, items, in.Policy)
	if errs := userErrors(err); errs != nil {
		return &model.UsersPayload{Errors: errs}, nil
	}
	if err != nil {
		return nil, err
	}
	payload := &model.UsersPayload{Results: make([]*model.UserPayload, len(results))}
	for i, r := range results {
		payload.Results[i] = &model.UserPayload{User: r.User, Errors: userErrors(r.Err)}
	}
	return payload, nil
}

// UpdateUser resolves Mutation.updateUser.
func (m mutations) UpdateUser(ctx context.Context, in model.UpdateUserInput) (*model.UserPayload, error) {
	fields := service.UserInput{
		Email:     optional(in.Email),
		FirstName: optional(in.FirstName),
		LastName:  optional(in.LastName),
		Password:  optional(in.Password),
		IsActive:  optional(in.IsActive),
	}
	t, err := m.target(in.ID, in.ExpectedVersion, fields)
	if err != nil {
		return userPayload(service.User{}, err)
	}
	return userPayload(m.svc.UpdateUser(ctx, t.id, fields, t.expect))
}

// UpdateUserEmail resolves Mutation.updateUserEmail.
func (m mutations) UpdateUserEmail(ctx context.Context, in model.UpdateUserEmailInput) (*model.UserPayload, error) {
	email := service.Some(in.Email)
	t, err := m.target(in.ID, in.ExpectedVersion, service.UserInput{Email: email})
	if err != nil {
		return userPayload(service.User{}, err)
	}
	return userPayload(m.svc.UpdateUserEmail(ctx, t.id, email, t.expect))
}

// SetUserPassword resolves Mutation.setUserPassword.
func (m mutations) SetUserPassword(ctx context.Context, in model.SetUserPasswordInput) (*model.UserPayload, error) {
	password := service.Some(in.Password)
	t, err := m.target(in.ID, in.ExpectedVersion, service.UserInput{Password: password})
	if err != nil {
		return userPayload(service.User{}, err)
	}
	return userPayload(m.svc.SetUserPassword(ctx, t.id, password, t.expect))
}

// DeleteUser resolves Mutation.deleteUser.
func (m mutations) DeleteUser(ctx context.Context, in model.DeleteUserInput) (*model.DeleteUserPayload, error) {
	t, err := m.target(in.ID, in.ExpectedVersion, service.UserInput{})
	if err == nil {
		err = m.svc.DeleteUser(ctx, t.id, t.expect)
	}
	if err == nil {
		return &model.DeleteUserPayload{DeletedUserID: &t.id}, nil
	}
	if errs := userErrors(err); errs != nil {
		return &model.DeleteUserPayload{Errors: errs}, nil
	}
	return nil, err
}

// userPayload is the payload for what the service returned. What the caller
// cannot mend stays an error.
func userPayload(u service.User, err error) (*model.UserPayload, error) {
	if err == nil {
		return &model.UserPayload{User: &u}, nil
	}
	if errs := userErrors(err); errs != nil {
		return &model.UserPayload{Errors: errs}, nil
	}
	return nil, err
}
