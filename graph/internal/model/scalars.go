package model

import (
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// MarshalDateTime writes the scalar DateTime.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(t.UTC().Format(service.TimeLayout))
}

// UnmarshalDateTime reads the scalar DateTime: an RFC 3339 text, no other type
// and no empty one.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, errors.New("DateTime takes a string")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errors.New("DateTime takes an instant as RFC 3339 writes it")
	}
	return t.UTC(), nil
}

// MarshalEmailAddress writes the scalar EmailAddress.
func MarshalEmailAddress(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalEmailAddress reads the scalar EmailAddress. Any text will do here:
// the rule for addresses is the service's, and so is the message about them.
func UnmarshalEmailAddress(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", errors.New("EmailAddress takes a string")
	}
	return s, nil
}

// MarshalUUID writes the scalar ID for a UUID.
func MarshalUUID(id uuid.UUID) graphql.Marshaler { return graphql.MarshalString(id.String()) }

// UnmarshalUUID completes the pair that gqlgen asks for. Inputs are bound to
// plain texts instead, which the resolvers parse.
func UnmarshalUUID(any) (uuid.UUID, error) {
	return uuid.Nil, errors.New("ids in inputs are texts")
}
