package model

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// MarshalDateTime writes the scalar DateTime.
func MarshalDateTime(t time.Time) graphql.Marshaler { return appended(t, service.AppendTime) }

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

// AppendString appends a text as JSON, as [graphql.MarshalString] writes it.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return appendQuoted(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendQuoted appends a text in which something is to be escaped.
func appendQuoted(b []byte, s string) []byte {
	var w bytes.Buffer
	graphql.MarshalString(s).MarshalGQL(&w)
	return append(b, w.Bytes()...)
}

// appended is a value that appendTo writes.
func appended[T any](v T, appendTo func([]byte, T) []byte) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(appendTo(nil, v)) }) // errors are the caller's, as gqlgen has it
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

// AppendUUID appends a value of the scalar ID for a UUID, as JSON.
func AppendUUID(b []byte, id uuid.UUID) []byte {
	return append(service.AppendID(append(b, '"'), id), '"')
}

// MarshalUUID writes the scalar ID for a UUID.
func MarshalUUID(id uuid.UUID) graphql.Marshaler { return appended(id, AppendUUID) }

// UnmarshalUUID completes the pair that gqlgen asks for. Inputs are bound to
// plain texts instead, which the resolvers parse.
func UnmarshalUUID(any) (uuid.UUID, error) {
	return uuid.Nil, errors.New("ids in inputs are texts")
}
