package graph

import (
	"errors"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// fieldNames are the service's fields as the schema spells them.
var fieldNames = map[service.Field]string{
	service.FieldID:              "id",
	service.FieldIDs:             "ids",
	service.FieldUserID:          "userId",
	service.FieldEmail:           "email",
	service.FieldFirstName:       "firstName",
	service.FieldLastName:        "lastName",
	service.FieldPassword:        "password",
	service.FieldIsActive:        "isActive",
	service.FieldExpectedVersion: "expectedVersion",
	service.FieldFilter:          "filter",
	service.FieldQuery:           "query",
	service.FieldOrderBy:         "orderBy",
	service.FieldFirst:           "first",
	service.FieldAfter:           "after",
	service.FieldLast:            "last",
	service.FieldBefore:          "before",
}

// nameOf is how the schema spells f.
func nameOf(f service.Field) string {
	if name, ok := fieldNames[f]; ok {
		return name
	}
	return string(f)
}

// fieldError is an entry of the extension fields.
type fieldError struct {
	Field   string            `json:"field"`
	Code    service.FieldCode `json:"code"`
	Message string            `json:"message"`
}

func fieldErrors(e *service.InvalidInputError) []fieldError {
	list := make([]fieldError, len(e.Fields))
	for i, f := range e.Fields {
		list[i] = fieldError{nameOf(f.Field), f.Code, f.Message}
	}
	return list
}

// userErrors returns err as a payload's errors if the caller can mend it, and
// nil if it is an error of the response.
func userErrors(err error) []model.UserError {
	code := publicCode(err)
	k := kinds[code]
	if !k.asData {
		return nil
	}
	if e, ok := errors.AsType[*service.InvalidInputError](err); ok {
		list := make([]model.UserError, len(e.Fields))
		for i, f := range e.Fields {
			name := nameOf(f.Field)
			list[i] = model.UserError{Code: model.UserErrorCode(f.Code), Field: &name, Message: f.Message}
		}
		return list
	}
	name := nameOf(k.field)
	return []model.UserError{{Code: model.UserErrorCode(code), Field: &name, Message: messageFor(err)}}
}
