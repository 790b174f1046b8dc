package rest

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

func (a *api) verifyPassword(w http.ResponseWriter, r *http.Request) error {
	in, err := decodeCredentials(w, r)
	if err != nil {
		return err
	}
	u, err := a.svc.VerifyPassword(r.Context(), in)
	if err != nil {
		return err
	}
	sendUser(w, u)
	return nil
}

// credentialsForm is what a body with a password to verify has.
var credentialsForm = form{
	[]service.Field{service.FieldEmail, service.FieldPassword, service.FieldClient},
	[]service.Field{service.FieldEmail, service.FieldPassword},
}

// decodeCredentials reads a body with a password to verify. Where it finds a mistake
// it lists the service's findings too.
func decodeCredentials(w http.ResponseWriter, r *http.Request) (in service.Credentials, err error) {
	body, err := readBody(w, r)
	if err != nil {
		return in, err
	}
	to := map[service.Field]*service.Optional[string]{
		service.FieldEmail: &in.Email, service.FieldPassword: &in.Password, service.FieldClient: &in.Client,
	}
	var wrong mistakes
	err = eachMember(body, func(name string, value jsontext.Value) {
		field := service.Field(name)
		switch text := to[field]; {
		case text == nil:
			wrong.unknownName(name, unknownMessage(name, credentialsForm.fields))
		case !takeText(text, value):
			wrong.invalid(field, "This field must be a string.")
		}
	})
	if err == nil && len(wrong.fields) > 0 {
		err = wrong.with(service.CheckCredentials(in))
	}
	return in, err
}
