package rest

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// The bodies about one-time tokens.
var (
	recipientForm     = form{[]service.Field{service.FieldUserID, service.FieldEmail}, nil}
	passwordResetForm = form{[]service.Field{service.FieldToken, service.FieldPassword}, []service.Field{service.FieldToken, service.FieldPassword}}
	confirmationForm  = form{[]service.Field{service.FieldToken}, []service.Field{service.FieldToken}}
)

// oneTimeToken is a token in an answer.
type oneTimeToken struct {
	Token     string         `json:"token"`
	ExpiresAt string         `json:"expires_at"`
	User      jsontext.Value `json:"user"`
}

// createToken returns the handler that has create make a token for the user whom
// the body names.
func (a *api) createToken(create func(context.Context, service.TokenRecipient) (service.OneTimeToken, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var to service.TokenRecipient
		wrong, err := decodeTexts(w, r, recipientForm.fields, map[service.Field]*service.Optional[string]{
			service.FieldUserID: &to.UserID, service.FieldEmail: &to.Email,
		})
		if err == nil && len(wrong.fields) > 0 {
			err = wrong.with(service.CheckTokenRecipient(to))
		}
		if err != nil {
			return err
		}
		t, err := create(r.Context(), to)
		if err != nil {
			return err
		}
		sendSecret(w, http.StatusCreated, oneTimeToken{t.Token, t.ExpiresAt.Format(service.TimeLayout), appendUser(nil, &t.User)})
		return nil
	}
}

func (a *api) resetPassword(w http.ResponseWriter, r *http.Request) error {
	var in service.PasswordReset
	wrong, err := decodeTexts(w, r, passwordResetForm.fields, map[service.Field]*service.Optional[string]{
		service.FieldToken: &in.Token, service.FieldPassword: &in.Password,
	})
	if err == nil && len(wrong.fields) > 0 {
		err = wrong.with(a.svc.CheckPasswordReset(in))
	}
	if err != nil {
		return err
	}
	return answerUser(w)(a.svc.ResetPassword(r.Context(), in))
}

func (a *api) confirmEmail(w http.ResponseWriter, r *http.Request) error {
	var token service.Optional[string]
	wrong, err := decodeTexts(w, r, confirmationForm.fields, map[service.Field]*service.Optional[string]{service.FieldToken: &token})
	if err == nil && len(wrong.fields) > 0 {
		err = wrong.with(service.CheckToken(token))
	}
	if err != nil {
		return err
	}
	return answerUser(w)(a.svc.ConfirmEmail(r.Context(), token))
}

// answerUser answers with the user that a method of the service returns.
func answerUser(w http.ResponseWriter) func(service.User, error) error {
	return func(u service.User, err error) error {
		if err == nil {
			sendUser(w, u)
		}
		return err
	}
}
