package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// form is a kind of body: which fields it may have and which it must have.
type form struct{ fields, required []service.Field }

var (
	userFields = []service.Field{service.FieldEmail, service.FieldFirstName, service.FieldLastName, service.FieldPassword, service.FieldIsActive}

	createForm = form{userFields,
		[]service.Field{service.FieldEmail, service.FieldFirstName, service.FieldLastName, service.FieldPassword}}
	batchForm   = form{userFields, createForm.required[:3]}
	replaceForm = form{userFields,
		[]service.Field{service.FieldEmail, service.FieldFirstName, service.FieldLastName, service.FieldIsActive}}
	patchForm    = form{userFields, nil}
	emailForm    = form{userFields[:1], userFields[:1]}
	passwordForm = form{[]service.Field{service.FieldPassword}, []service.Field{service.FieldPassword}}
)

// decodeUser reads a body of form f. Where it finds a mistake it returns an
// error that lists the service's findings too. Without one it leaves them to
// the service's method.
func (a *api) decodeUser(w http.ResponseWriter, r *http.Request, f form) (service.UserInput, error) {
	body, err := readBody(w, r)
	if err != nil {
		return service.UserInput{}, err
	}
	in, wrong, err := parseUser(body, f.fields)
	if err == nil && len(wrong.fields) > 0 {
		err = wrong.with(a.svc.CheckUser(in, f.required...))
	}
	return in, err
}

// parseUser reads a JSON object whose members are user fields. Members that are
// no such fields, or of another type, are mistakes.
func parseUser(body []byte, allowed []service.Field) (in service.UserInput, wrong mistakes, err error) {
	err = eachMember(body, func(name string, value jsontext.Value) { take(&in, &wrong, name, value, allowed) })
	return in, wrong, err
}

// eachMember calls take for each member of a JSON object. Text that is not JSON,
// or not an object, is an error.
//
// jsontext does the hard part: it refuses duplicate names, ill-formed UTF-8
// and nesting beyond a bound, and compares names exactly.
func eachMember(body []byte, take func(name string, value jsontext.Value)) error {
	if !utf8.Valid(body) {
		return malformed("The body is not valid UTF-8.")
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body))
	if err := enterObject(dec); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, value, err := readMember(dec)
		if err != nil {
			return err
		}
		take(name, value)
	}
	return leaveObject(dec)
}

// elements are the elements of a JSON array that has been read before.
func elements(array jsontext.Value) (list []jsontext.Value) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(array))
	_, _ = dec.ReadToken()
	for dec.PeekKind() != ']' {
		value, _ := dec.ReadValue()
		list = append(list, value.Clone())
	}
	return list
}

func enterObject(dec *jsontext.Decoder) error {
	token, err := dec.ReadToken()
	if errors.Is(err, io.EOF) {
		return malformed("The body is empty; it must be a JSON object.")
	}
	if err != nil {
		return syntaxError(err)
	}
	if token.Kind() != '{' {
		return malformed("The body must be a JSON object.")
	}
	return nil
}

func readMember(dec *jsontext.Decoder) (name string, value jsontext.Value, err error) {
	token, err := dec.ReadToken()
	if err != nil {
		return "", nil, syntaxError(err)
	}
	name = token.String()
	value, err = dec.ReadValue()
	if err != nil {
		return "", nil, syntaxError(err)
	}
	return name, value, nil
}

func leaveObject(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return syntaxError(err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return malformed("The body goes on after the JSON object.")
	}
	return nil
}

func malformed(detail string) error { return &requestError{codeMalformedJSON, detail} }

// syntaxError says where the JSON is wrong, and repeats nothing of it, unlike
// jsontext's own text.
func syntaxError(err error) error {
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return malformed("A name stands twice in the same JSON object.")
	case ok && !errors.Is(err, io.ErrUnexpectedEOF):
		return malformed(fmt.Sprintf("The body is not valid JSON from byte %d on.", e.ByteOffset))
	}
	return malformed("The JSON ends too early.")
}

// take notes one member's value in the input, or what is wrong with it.
func take(in *service.UserInput, wrong *mistakes, name string, value jsontext.Value, allowed []service.Field) {
	field := service.Field(name)
	switch {
	case !slices.Contains(allowed, field):
		wrong.unknownName(name, unknownMessage(name, allowed))
	case field == service.FieldIsActive:
		if !takeBool(&in.IsActive, value) {
			wrong.invalid(field, "This field must be true or false.")
		}
	case !takeText(textField(in, field), value):
		wrong.invalid(field, "This field must be a string.")
	}
}

// unknownMessage helps those who nearly had it.
func unknownMessage(name string, allowed []service.Field) string {
	for _, field := range allowed {
		if strings.EqualFold(name, string(field)) {
			return "There is no such field; did you mean " + string(field) + "?"
		}
	}
	if slices.Contains([]string{"id", "version", "created_at", "updated_at", "email_verified_at"}, name) {
		return "This field cannot be set."
	}
	return "There is no such field."
}

func textField(in *service.UserInput, f service.Field) *service.Optional[string] {
	return map[service.Field]*service.Optional[string]{
		service.FieldEmail: &in.Email, service.FieldFirstName: &in.FirstName,
		service.FieldLastName: &in.LastName, service.FieldPassword: &in.Password,
	}[f]
}

// takeText sets *to to the value, if it is a string or null.
func takeText(to *service.Optional[string], value jsontext.Value) bool {
	switch value.Kind() {
	case 'n':
		*to = service.Null[string]()
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		*to = service.Some(string(text))
		return err == nil
	default:
		return false
	}
	return true
}

// takeBool sets *to to the value, if it is a boolean or null.
func takeBool(to *service.Optional[bool], value jsontext.Value) bool {
	switch value.Kind() {
	case 'n':
		*to = service.Null[bool]()
	case 't', 'f':
		*to = service.Some(value.Kind() == 't')
	default:
		return false
	}
	return true
}
