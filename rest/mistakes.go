package rest

import (
	"errors"
	"slices"

	"github.com/userd/userd/service"
)

// maxUnknown bounds how many unknown names are reported, so that a small
// request cannot ask for a large answer.
const maxUnknown = 20

// mistakes collects what is wrong with an input, at most one entry a field.
type mistakes struct {
	fields  []service.FieldError
	unknown int
}

func (m *mistakes) add(f service.FieldError) {
	if !slices.ContainsFunc(m.fields, func(have service.FieldError) bool { return have.Field == f.Field }) {
		m.fields = append(m.fields, f)
	}
}

func (m *mistakes) invalid(field service.Field, message string) {
	m.add(service.FieldError{Field: field, Code: service.FieldInvalid, Message: message})
}

// unknownName notes a name that nothing has. Only a harmless one is repeated;
// the others share an entry without name.
func (m *mistakes) unknownName(name, message string) {
	if m.unknown++; m.unknown > maxUnknown {
		return
	}
	m.add(service.FieldError{Field: service.Field(service.Harmless(name)), Code: service.FieldUnknown, Message: message})
}

// with returns the error for these mistakes and those that the service found.
// What was wrong already the service has seen as absent, so its word on it does
// not count. Where it failed for another reason, that is the error: who may not
// ask, or has to wait, is told so whatever was asked, and a failure is logged.
func (m *mistakes) with(err error) error {
	e, isInput := errors.AsType[*service.InvalidInputError](err)
	if err != nil && !isInput || len(m.fields) == 0 {
		return err
	}
	if isInput {
		for _, f := range e.Fields {
			m.add(f)
		}
	}
	return &service.InvalidInputError{Fields: m.fields}
}

// outsideBody marks err, where it is about input, as not about the body.
func outsideBody(err error) error {
	if e, ok := errors.AsType[*service.InvalidInputError](err); ok {
		return badRequest{e}
	}
	return err
}
