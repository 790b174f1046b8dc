package service_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

// Whatever a caller sends stays out of every error: it would end up in logs,
// and a password or an address must not.
func TestErrorsNeverEchoWhatWasSent(t *testing.T) {
	const secret = "s3cr3t"
	text := service.Some[string]
	pointer := func(s string) *string { return &s }
	emails := []string{secret, secret + "@", "@" + secret, secret + "@" + secret, secret + " @x.co", `"` + secret + `"@x.co`, secret + "\x00", strings.Repeat(secret, 50) + "@x.co"}
	names := []string{secret + "\x00", strings.Repeat(secret, 20), secret + "\xff", secret + "\u202e"}
	passwords := []string{secret, secret + "\x00" + secret, secret + secret + "\xff", strings.Repeat(secret, 30), "p" + secret + "ersonal"}
	w := newWorld(t)
	taken := w.create(t, secret+"@example.com")

	var failed []error
	note := func(err error) { failed = append(failed, err) }
	for _, email := range emails {
		note(w.CheckUser(service.UserInput{Email: text(email)}))
		_, err := w.UserByEmail(t.Context(), email)
		note(err)
		_, err = w.ListUsers(t.Context(), service.ListInput{Filter: service.Some(service.FilterInput{Email: text(email)})})
		note(err)
	}
	for _, name := range names {
		note(w.CheckUser(service.UserInput{FirstName: text(name)}))
		note(w.CheckUser(service.UserInput{LastName: text(name)}))
	}
	for _, query := range append(names[2:], strings.Repeat(secret, 50), secret+"\n"+secret) {
		_, err := w.CountUsers(t.Context(), service.Some(service.FilterInput{Query: text(query)}))
		note(err)
	}
	for _, password := range passwords {
		note(w.CheckUser(service.UserInput{Password: text(password), FirstName: text("p" + secret + "ersonal")}))
	}
	_, err := w.SetUserPassword(t.Context(), taken.ID, text(secret+"@example.com"), nil)
	note(err)
	_, err = w.CreateUser(t.Context(), newUser(secret+"@example.com"))
	note(err)
	_, err = service.ParseID(secret)
	note(err)
	_, err = w.ListUsers(t.Context(), service.ListInput{After: pointer(secret)})
	note(err)
	_, err = w.ListUsers(t.Context(), service.ListInput{Before: pointer(secret)})
	note(err)
	_, err = w.ListUsers(t.Context(), service.ListInput{Order: service.Order{Field: secret}})
	note(err)

	_, err = w.CreatePasswordResetToken(t.Context(), service.TokenRecipient{UserID: text(secret)})
	note(err)
	for _, email := range []string{secret, secret + "@example.org"} {
		_, err = w.CreateEmailConfirmationToken(t.Context(), withEmail(email))
		note(err)
	}
	_, err = w.ConfirmEmail(t.Context(), text(secret))
	note(err)

	for i, err := range failed {
		if err == nil {
			t.Errorf("input %d is not refused", i)
			continue
		}
		if strings.Contains(strings.ToLower(everyTextOf(err)), secret) {
			t.Errorf("input %d is echoed: %v", i, err)
		}
	}
}

// everyTextOf is all of an error that a transport may show.
func everyTextOf(err error) string {
	texts := err.Error()
	var invalid *service.InvalidInputError
	if errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			texts += string(f.Field) + string(f.Code) + f.Message
		}
	}
	return texts
}
