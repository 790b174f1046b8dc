package graph

import (
	"errors"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// fieldError is an entry of the extension fields.
type fieldError struct {
	Field   string            `json:"field"`
	Code    service.FieldCode `json:"code"`
	Message string            `json:"message"`
}

func fieldErrors(e *service.InvalidInputError) []fieldError {
	list := make([]fieldError, len(e.Fields))
	for i, f := range e.Fields {
		list[i] = fieldError{model.NameOf(f.Field), f.Code, f.Message}
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
			name := model.NameOf(f.Field)
			list[i] = model.UserError{Code: model.UserErrorCode(f.Code), Field: &name, Message: f.Message}
		}
		return list
	}
	field := k.field
	if e, ok := errors.AsType[*service.RecipientNotFoundError](err); ok {
		field = e.Field
	}
	var name *string
	if field != "" {
		name = new(model.NameOf(field))
	}
	return []model.UserError{{Code: model.UserErrorCode(code), Field: name, Message: messageFor(err)}}
}
