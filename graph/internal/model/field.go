package model

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"github.com/userd/userd/service"
)

// FieldNames are the service's fields as the schema spells them.
var FieldNames = map[service.Field]string{
	service.FieldID:              "id",
	service.FieldIDs:             "ids",
	service.FieldUsers:           "users",
	service.FieldPolicy:          "policy",
	service.FieldUserID:          "userId",
	service.FieldEmail:           "email",
	service.FieldEmailVerifiedAt: "emailVerifiedAt",
	service.FieldFirstName:       "firstName",
	service.FieldLastName:        "lastName",
	service.FieldPassword:        "password",
	service.FieldIsActive:        "isActive",
	service.FieldExpectedVersion: "expectedVersion",
	service.FieldIdempotencyKey:  "idempotencyKey",
	service.FieldFilter:          "filter",
	service.FieldQuery:           "query",
	service.FieldOrderBy:         "orderBy",
	service.FieldFirst:           "first",
	service.FieldAfter:           "after",
	service.FieldLast:            "last",
	service.FieldBefore:          "before",
	service.FieldClient:          "client",
	service.FieldLabel:           "label",
	service.FieldRefreshToken:    "refreshToken",
	service.FieldSessionID:       "sessionId",
	service.FieldToken:           "token",
}

// NameOf is how the schema spells f.
func NameOf(f service.Field) string {
	if name, ok := FieldNames[f]; ok {
		return name
	}
	return string(f)
}

// MarshalField writes the name of a field.
func MarshalField(f service.Field) graphql.Marshaler { return graphql.MarshalString(NameOf(f)) }

// UnmarshalField completes the pair that gqlgen asks for. No input takes the
// name of a field.
func UnmarshalField(any) (service.Field, error) {
	return "", errors.New("no input takes the name of a field")
}
