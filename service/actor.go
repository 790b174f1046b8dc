package service

import (
	"context"
	"net/netip"
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
	// session is the one that the actor calls with, or uuid.Nil.
	session uuid.UUID
	check   func(context.Context) error
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
// "user:ID", "token:SUBJECT", "session:ID", or a command.
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

// Caller is who calls, what the change log says of that, and from where. A context
// has them as one value: there is one for each request. The zero value is the
// anonymous actor on the same machine.
type Caller struct {
	actor  Actor
	origin Origin
	client netip.Prefix
}

// NewCaller is a, calling from the network address client by a request with
// this id, which the change log names.
func NewCaller(a Actor, client netip.Addr, requestID string) Caller {
	return Caller{a, Origin{Actor: a.String(), RequestID: requestID}, clientAt(client)}
}

// CallerKey is the key by which a context has its *[Caller]. It is for a
// transport whose requests are contexts of its own type; others use [WithCaller].
type CallerKey struct{}

func callerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(CallerKey{}).(*Caller); ok {
		return c
	}
	return new(Caller)
}

// WithCaller returns a context whose calls are c's.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, CallerKey{}, &c)
}

// WithActor returns a context whose calls are a's, and whose changes are logged
// as a's. A context without it is that of the anonymous actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	c := *callerOf(ctx)
	c.actor, c.origin.Actor = a, a.String()
	return WithCaller(ctx, c)
}

// ActorOf is the actor that WithActor noted in ctx.
func ActorOf(ctx context.Context) Actor { return callerOf(ctx).actor }
