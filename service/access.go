package service

import (
	"context"

	"github.com/google/uuid"
)

// This file is the rule who may do what. Every method of Service begins by
// asking it, so that REST, GraphQL, subscriptions and commands cannot differ.
//
//   - In an open service everybody may do everything.
//   - In a closed one a scope allows what it names, for all users alike.
//   - Who is a user may read and change that user, but for is_active and
//     deletion, without any scope.
//   - Whoever has a refresh token may refresh its session and end it. That is
//     counted, too, so that nobody has the service sign tokens without end.
//   - A user whom the actor may not see does not exist for it: it gets
//     *UserNotFoundError, or nothing in a search. What it may see but not do is
//     *ForbiddenError.

// everybody is the anonymous actor of an open service.
var everybody = Actor{scopes: []Scope{ScopeAdmin}}

// actor returns ctx's actor once it is known to be one that the service
// serves. It returns *UnauthenticatedError or *UnavailableError.
func (s *Service) actor(ctx context.Context) (Actor, error) {
	a := ActorOf(ctx)
	if !a.isAnonymous() {
		return a, s.stillGood(ctx, a)
	}
	closed, err := s.isClosed(ctx)
	if err == nil && closed {
		err = &UnauthenticatedError{}
	}
	return everybody, err
}

// stillGood returns nil unless what a has shown has lost its worth: it was
// revoked, has expired, or is that of a user who is to be kept out.
func (s *Service) stillGood(ctx context.Context, a Actor) error {
	if a.check != nil {
		if err := a.check(ctx); err != nil {
			return err
		}
	}
	if a.user == uuid.Nil {
		return nil
	}
	u, err := s.store.User(ctx, a.user)
	switch {
	case CodeOf(err) == CodeUserNotFound:
		return nil // there is nothing that it may see but by its scopes
	case err == nil && !u.IsActive:
		return &UnauthenticatedError{Invalid: true}
	}
	return err
}

// StillServed returns *[UnauthenticatedError] once ctx's actor is served no more,
// as a key was revoked, say, or a token has expired. It is for connections that stay
// open while nothing is asked. Where that cannot be found out for now they go on.
func (s *Service) StillServed(ctx context.Context) error {
	_, err := s.actor(ctx)
	if CodeOf(err) != CodeUnauthenticated {
		return nil
	}
	return err
}

// admit returns ctx's actor as actor does, once an operation is counted for it.
// Those count, too, that it then may not do.
func (s *Service) admit(ctx context.Context, b budget) (Actor, error) {
	a, err := s.actor(ctx)
	if err == nil {
		err = s.spend(ctx, b)
	}
	return a, err
}

// require returns nil if ctx's actor has the scope.
func (s *Service) require(ctx context.Context, scope Scope) error {
	a, err := s.admit(ctx, scope.budget())
	return a.without(scope, err)
}

// stillHas is require within an operation that has been counted.
func (s *Service) stillHas(ctx context.Context, scope Scope) error {
	a, err := s.actor(ctx)
	return a.without(scope, err)
}

// without is err or, if that is nil and a has not the scope, *ForbiddenError.
func (a Actor) without(scope Scope, err error) error {
	if err == nil && !a.has(scope) {
		return &ForbiddenError{Scope: scope}
	}
	return err
}

// mayRead returns nil if ctx's actor may read the user with this id.
func (s *Service) mayRead(ctx context.Context, id uuid.UUID) error {
	a, err := s.admit(ctx, reads)
	switch {
	case err != nil || a.has(ScopeUsersRead) || a.is(id):
		return err
	case a.has(ScopeUsersWrite): // what it writes it knows to be there
		return &ForbiddenError{Scope: ScopeUsersRead}
	}
	return &UserNotFoundError{ID: id}
}

// mayChange returns nil if ctx's actor may change the user with this id as in
// says.
func (s *Service) mayChange(ctx context.Context, id uuid.UUID, in UserInput) error {
	a, err := s.admit(ctx, writes)
	switch {
	case err != nil || a.has(ScopeUsersWrite) || a.is(id) && in.IsActive.IsAbsent():
		return err
	case a.has(ScopeUsersRead) || a.is(id):
		return &ForbiddenError{Scope: ScopeUsersWrite}
	}
	return &UserNotFoundError{ID: id}
}

// mayDelete returns nil if ctx's actor may delete the user with this id.
func (s *Service) mayDelete(ctx context.Context, id uuid.UUID) error {
	a, err := s.admit(ctx, writes)
	switch {
	case err != nil || a.has(ScopeUsersWrite):
		return err
	case a.has(ScopeUsersRead) || a.is(id):
		return &ForbiddenError{Scope: ScopeUsersWrite}
	}
	return &UserNotFoundError{ID: id}
}

// visible are those of ids whose users ctx's actor may find.
func (s *Service) visible(ctx context.Context, ids []uuid.UUID) ([]uuid.UUID, error) {
	a, err := s.admit(ctx, reads)
	if err != nil || a.has(ScopeUsersRead) {
		return ids, err
	}
	for _, id := range ids {
		if a.is(id) {
			return []uuid.UUID{id}, nil
		}
	}
	return nil, nil
}
