package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// MaxKeys is how many keys there can be, revoked ones among them.
const MaxKeys = 1000

// maxKeyName bounds a key's name, in characters.
const maxKeyName = 64

// The fields that only keys have. GraphQL has no names for them.
const (
	FieldName   = Field("name")
	FieldScopes = Field("scopes")
)

// KeyInput is what a new key is to be.
type KeyInput struct {
	Name   string
	Scopes []string
}

// CreateKey makes a key and returns it with its text, which is shown this once
// and kept nowhere. The name may be that of a key that was revoked, which it
// replaces. The first key closes the service. It returns *[InvalidInputError]
// or *[KeyTakenError].
func (s *Service) CreateKey(ctx context.Context, in KeyInput) (k Key, text string, err error) {
	if err := s.require(ctx, ScopeAdmin); err != nil {
		return Key{}, "", err
	}
	if k, err = s.parseKey(ctx, in); err != nil {
		return Key{}, "", err
	}
	text = s.newKey()
	k.Hash, k.CreatedAt = HashKey(text), s.timestamp()
	defer s.keyring.keys.forget()
	if err := s.store.CreateKey(ctx, k); err != nil {
		return Key{}, "", err
	}
	return k, text, nil
}

// Keys returns all keys, revoked ones among them, in the order of their names.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	if err := s.require(ctx, ScopeAdmin); err != nil {
		return nil, err
	}
	return s.store.Keys(ctx)
}

// RevokeKey makes a key worthless: here at once, on other copies of the service
// within a second, also for connections that are open. It stays in the list,
// and the service stays closed. It returns *[KeyNotFoundError] where no key of
// this name is good.
func (s *Service) RevokeKey(ctx context.Context, name string) error {
	if err := s.require(ctx, ScopeAdmin); err != nil {
		return err
	}
	if checkKeyName(name) != nil { // not all stores could look for it
		return &KeyNotFoundError{}
	}
	defer s.keyring.keys.forget()
	return s.store.RevokeKey(ctx, name, s.timestamp())
}

// parseKey checks what a new key is to be.
func (s *Service) parseKey(ctx context.Context, in KeyInput) (Key, error) {
	k, c := CheckKey(in)
	if len(c) > 0 {
		return k, &InvalidInputError{Fields: c}
	}
	keys, err := s.store.Keys(ctx)
	reused := slices.ContainsFunc(keys, func(k Key) bool { return k.Name == in.Name })
	if err == nil && len(keys) >= MaxKeys && !reused {
		err = invalid(FieldName, &problem{FieldOutOfRange, fmt.Sprintf("There are %d keys, and can be no more; use the name of a revoked one.", MaxKeys)})
	}
	return k, err
}

// CheckKey returns the key that in describes, without hash and times, and what
// is wrong with it.
func CheckKey(in KeyInput) (Key, []FieldError) {
	var c checker
	c.add(FieldName, checkKeyName(in.Name))
	k := Key{Name: in.Name, Scopes: KnownScopes(in.Scopes)}
	unknown := slices.ContainsFunc(in.Scopes, func(name string) bool { return !slices.Contains(Scopes(), Scope(name)) })
	switch {
	case len(in.Scopes) == 0:
		c.add(FieldScopes, &problem{FieldRequired, "A key needs at least one scope: " + scopeNames() + "."})
	case unknown:
		c.add(FieldScopes, &problem{FieldInvalid, "A scope is one of " + scopeNames() + "."})
	}
	return k, c.fields
}

func checkKeyName(name string) *problem {
	switch {
	case name == "":
		return &problem{FieldRequired, "A key needs a name."}
	case len(name) > maxKeyName:
		return &problem{FieldTooLong, fmt.Sprintf("A key's name has at most %d characters.", maxKeyName)}
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "":
		return &problem{FieldInvalid, "A key's name has lower-case letters, digits, dots, hyphens and underscores."}
	}
	return nil
}

func scopeNames() string {
	var names []string
	for _, s := range Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}
