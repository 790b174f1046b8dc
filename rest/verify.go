package rest

import (
	"net/http"

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

// textsOf says where the members of a body with credentials go.
func textsOf(in *service.Credentials) map[service.Field]*service.Optional[string] {
	return map[service.Field]*service.Optional[string]{
		service.FieldEmail: &in.Email, service.FieldPassword: &in.Password, service.FieldClient: &in.Client,
	}
}

// decodeCredentials reads a body with a password to verify. Where it finds a mistake
// it lists the service's findings too.
func decodeCredentials(w http.ResponseWriter, r *http.Request) (in service.Credentials, err error) {
	wrong, err := decodeTexts(w, r, credentialsForm.fields, textsOf(&in))
	if err == nil && len(wrong.fields) > 0 {
		err = wrong.with(service.CheckCredentials(in))
	}
	return in, err
}
