package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// tokenAPI is what a transport has for one-time tokens.
type tokenAPI interface {
	api
	// token makes a token, and returns it or what is wrong.
	token(t *testing.T, of string, to values) (string, outcome)
	// redeem redeems a token.
	redeem(t *testing.T, of string, in values) outcome
}

// The names of what a token is for.
const (
	ofReset        = "reset"
	ofConfirmation = "confirmation"
)

func (a restAPI) token(t *testing.T, of string, to values) (string, outcome) {
	path := map[string]string{ofReset: "/password-reset-tokens", ofConfirmation: "/email-confirmation-tokens"}[of]
	answer := send(t, http.MethodPost, a.base+path, to).(map[string]any)
	if token, ok := answer["token"].(string); ok {
		return token, outcome{}
	}
	return "", a.outcome(answer)
}

func (a restAPI) redeem(t *testing.T, of string, in values) outcome {
	path := map[string]string{ofReset: "/password-resets", ofConfirmation: "/email-confirmations"}[of]
	return a.outcome(send(t, http.MethodPost, a.base+path, in))
}

func (a graphAPI) token(t *testing.T, of string, to values) (string, outcome) {
	name := map[string]string{ofReset: "PasswordResetToken", ofConfirmation: "EmailConfirmationToken"}[of]
	data, _ := a.post(t, fmt.Sprintf(`mutation ($input: Create%[1]sInput!) { m: create%[1]s(input: $input) { token { token } errors { code field } } }`, name),
		values{"input": camel(to)})
	payload := data["m"].(map[string]any)
	if made, ok := payload["token"].(map[string]any); ok {
		return made["token"].(string), outcome{}
	}
	return "", a.payload(payload)
}

func (a graphAPI) redeem(t *testing.T, of string, in values) outcome {
	if of == ofReset {
		return a.mutate(t, "resetPassword", "ResetPasswordInput", in)
	}
	return a.mutate(t, "confirmEmail", "ConfirmEmailInput", in)
}

// withoutFields is o without what REST leaves out: of what the code alone tells
// it names no field.
func (o outcome) withoutFields() outcome {
	if o.Code == string(service.CodeUserNotFound) || o.Code == string(service.CodeTokenInvalid) {
		o.Fields = nil
	}
	return o
}

func TestBothTransportsKeepTheRulesForTokens(t *testing.T) {
	for name, a := range transports(t) {
		t.Run(name, func(t *testing.T) {
			a := a.(tokenAPI)
			created := a.create(t, ada())
			id := created.ids[0]
			invalid, unknown := outcome{Code: string(service.CodeTokenInvalid)}, outcome{Code: string(service.CodeUserNotFound)}
			for _, of := range []string{ofReset, ofConfirmation} {
				for _, c := range []struct {
					to   values
					want outcome
				}{
					{values{}, refusal(service.FieldUserID, service.FieldRequired)},
					{values{"user_id": nil}, refusal(service.FieldUserID, service.FieldRequired)},
					{values{"user_id": id, "email": "ada@example.com"}, refusal(service.FieldEmail, service.FieldInvalid)},
					{values{"user_id": "ada"}, refusal(service.FieldUserID, service.FieldInvalid)},
					{values{"email": "ada"}, refusal(service.FieldEmail, service.FieldInvalid)},
					{values{"email": "nobody@example.com"}, unknown},
					{values{"user_id": uuid.Max.String()}, unknown},
				} {
					token, got := a.token(t, of, c.to)
					check(t, got.withoutFields(), c.want)
					if token != "" {
						t.Errorf("%v gets the token %s", c.to, token)
					}
				}
			}
			reset, _ := a.token(t, ofReset, values{"email": "ADA@example.com"})
			confirmation, _ := a.token(t, ofConfirmation, values{"user_id": id})
			check(t, a.redeem(t, ofReset, values{"token": confirmation, "password": "analytical engine"}).withoutFields(), invalid)
			check(t, a.redeem(t, ofReset, values{"token": reset, "password": "short"}), refusal(service.FieldPassword, service.FieldTooShort))
			check(t, a.redeem(t, ofReset, values{"token": reset, "password": "ada lovelace"}), refusal(service.FieldPassword, service.FieldPasswordIsPersonal))
			check(t, a.redeem(t, ofConfirmation, values{"token": ""}), refusal(service.FieldToken, service.FieldRequired))
			for of, in := range map[string]values{ofReset: {"token": reset, "password": "analytical engine"}, ofConfirmation: {"token": confirmation}} {
				if got := a.redeem(t, of, in); got.Code != "" || len(got.Users) != 1 || got.Users[0]["email_verified_at"] == nil || got.ids[0] != id {
					t.Errorf("the %s comes to %+v", of, got)
				}
				check(t, a.redeem(t, of, in).withoutFields(), invalid)
			}
		})
	}
}
