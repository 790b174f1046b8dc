package service

import (
	"fmt"
	"slices"
	"strings"
)

// FieldError says what is wrong with one input field. Message is a sentence
// for people that never repeats the value that was sent.
type FieldError struct {
	// Field is the field's snake_case name, such as "first_name".
	Field Field
	// Code tells the kind of mistake.
	Code FieldCode
	// Message is one sentence in English that helps to mend it.
	Message string
}

// FieldCode names a kind of mistake in one field.
type FieldCode string

// The kinds of mistakes a field can have.
const (
	// FieldRequired: the field is missing, null or blank.
	FieldRequired FieldCode = "REQUIRED"
	// FieldTooShort: fewer characters than allowed.
	FieldTooShort FieldCode = "TOO_SHORT"
	// FieldTooLong: more characters, bytes or items than allowed.
	FieldTooLong FieldCode = "TOO_LONG"
	// FieldInvalid: the value is not of the form the field takes.
	FieldInvalid FieldCode = "INVALID"
	// FieldOutOfRange: a number outside what is allowed.
	FieldOutOfRange FieldCode = "OUT_OF_RANGE"
	// FieldForbiddenCharacter: a control character or one that cannot be stored.
	FieldForbiddenCharacter FieldCode = "FORBIDDEN_CHARACTER"
	// FieldUnknown: there is no such field.
	FieldUnknown FieldCode = "UNKNOWN_FIELD"
	// FieldPasswordTooCommon: the password is on the list of the commonest ones,
	// or a mere repetition or sequence.
	FieldPasswordTooCommon FieldCode = "PASSWORD_TOO_COMMON"
	// FieldPasswordIsPersonal: the password is the user's e-mail address or name.
	FieldPasswordIsPersonal FieldCode = "PASSWORD_IS_PERSONAL"
)

// FieldCodes lists all field codes, for the transports' tables and their tests.
func FieldCodes() []FieldCode {
	return []FieldCode{
		FieldRequired, FieldTooShort, FieldTooLong, FieldInvalid, FieldOutOfRange,
		FieldForbiddenCharacter, FieldUnknown, FieldPasswordTooCommon, FieldPasswordIsPersonal,
	}
}

// InvalidInputError lists every wrong field of an input at once.
type InvalidInputError struct {
	// Fields has at least one entry, and at most one for each field.
	Fields []FieldError
}

// Error names the fields and what is wrong with them; it never holds a value
// that was sent.
func (e *InvalidInputError) Error() string {
	var b strings.Builder
	b.WriteString("invalid input")
	for i, f := range e.Fields {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s: %s", sep, f.Field, f.Message)
	}
	return b.String()
}

// Code returns [CodeInvalidInput].
func (*InvalidInputError) Code() Code { return CodeInvalidInput }

// Has tells whether field is among the wrong ones.
func (e *InvalidInputError) Has(field Field) bool {
	return slices.ContainsFunc(e.Fields, func(f FieldError) bool { return f.Field == field })
}
