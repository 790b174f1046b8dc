package service

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// Actor is who calls the service. The zero value is anonymous: somebody who
// has not said who they are. Actors are made by [KeyActor], [TokenActor] and
// [OperatorActor], and travel in a context.
type Actor struct {
	name   string
	user   uuid.UUID // the user that the actor is, or uuid.Nil
	scopes []Scope
	check  func(context.Context) error
}

// KeyActor is whoever holds the API key of this name.
func KeyActor(name string, scopes []Scope) Actor {
	return Actor{name: "key:" + name, scopes: scopes}
}

// TokenActor is the subject of a token that another program has issued. Where
// that is an id, the actor is the user with this id, if there is one.
func TokenActor(subject string, scopes []Scope) Actor {
	if id, err := ParseID(subject); err == nil && id != uuid.Nil {
		return Actor{name: "user:" + subject, user: id, scopes: scopes}
	}
	return Actor{name: "token:" + subject, scopes: scopes}
}

// OperatorActor is who runs a command, such as "userd import", on the machine
// that has the store: there is nothing that it may not do.
func OperatorActor(command string) Actor {
	return Actor{name: command, scopes: []Scope{ScopeAdmin}}
}

// While returns a with a check that is made before everything a does from now on:
// an error of it, such as *[UnauthenticatedError], ends what a may do. So a key
// that is revoked is of no more use to connections that stay open.
func (a Actor) While(check func(context.Context) error) Actor {
	a.check = check
	return a
}

// String names the actor as the change log does: "anonymous", "key:NAME",
// "user:ID", "token:SUBJECT", or a command.
func (a Actor) String() string {
	if a.isAnonymous() {
		return anonymous
	}
	return a.name
}

func (a Actor) isAnonymous() bool { return a.name == "" }

// is tells whether a is the user with this id.
func (a Actor) is(id uuid.UUID) bool { return a.user != uuid.Nil && a.user == id }

// has tells whether a has the scope. [ScopeAdmin] stands for all of them.
func (a Actor) has(s Scope) bool {
	return slices.Contains(a.scopes, s) || slices.Contains(a.scopes, ScopeAdmin)
}

// caller is who calls, and what the change log says of that. A context has
// both as one value: there is one for each request.
type caller struct {
	actor  Actor
	origin Origin
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return *c
	}
	return caller{}
}

// WithActor returns a context whose calls are a's, and whose changes are logged
// as a's. A context without it is that of the anonymous actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return WithCaller(ctx, a, callerOf(ctx).origin.RequestID)
}

// WithCaller is WithActor for a request with this id, which the change log
// names, too.
func WithCaller(ctx context.Context, a Actor, requestID string) context.Context {
	return context.WithValue(ctx, callerKey{}, &caller{a, Origin{Actor: a.String(), RequestID: requestID}})
}

// ActorOf is the actor that WithActor noted in ctx.
func ActorOf(ctx context.Context) Actor { return callerOf(ctx).actor }
