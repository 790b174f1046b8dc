package service_test

import (
	"context"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// anotherPassword is what resets change passwords to.
const anotherPassword = "another good one"

// tokenKind is one of the purposes that one-time tokens have.
type tokenKind struct {
	form     string // of a token, as a regular expression
	lifetime time.Duration
	create   func(s *service.Service, ctx context.Context, to service.TokenRecipient) (service.OneTimeToken, error)
	redeem   func(s *service.Service, ctx context.Context, token string) (service.User, error)
	// change is what the change log says of it.
	change service.ChangeKind
}

var (
	resets = tokenKind{
		form: `^userd_reset_[0-9A-Za-z]{49}$`, lifetime: time.Hour, create: (*service.Service).CreatePasswordResetToken,
		redeem: func(s *service.Service, ctx context.Context, token string) (service.User, error) {
			return s.ResetPassword(ctx, service.PasswordReset{Token: service.Some(token), Password: service.Some(anotherPassword)})
		},
		change: service.ChangePassword,
	}
	confirmations = tokenKind{
		form: `^userd_confirm_[0-9A-Za-z]{49}$`, lifetime: 24 * time.Hour, create: (*service.Service).CreateEmailConfirmationToken,
		redeem: func(s *service.Service, ctx context.Context, token string) (service.User, error) {
			return s.ConfirmEmail(ctx, service.Some(token))
		},
		change: service.ChangeEmailVerified,
	}
	tokenKinds = map[string]tokenKind{"reset": resets, "confirmation": confirmations}
)

func withID(id uuid.UUID) service.TokenRecipient {
	return service.TokenRecipient{UserID: service.Some(id.String())}
}

func withEmail(email string) service.TokenRecipient {
	return service.TokenRecipient{Email: service.Some(email)}
}

// token makes a token for the user.
func (w *world) token(t *testing.T, k tokenKind, u service.User) string {
	t.Helper()
	token, err := k.create(w.Service, root(t), withID(u.ID))
	if err != nil {
		t.Fatal(err)
	}
	return token.Token
}

// wantRedeemed redeems a token that is to be good.
func (w *world) wantRedeemed(t *testing.T, k tokenKind, token string) service.User {
	t.Helper()
	u, err := k.redeem(w.Service, root(t), token)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// wantInvalid redeems a token that is not to be good, and which changes nothing.
func (w *world) wantInvalid(t *testing.T, k tokenKind, token string) {
	t.Helper()
	before, _ := w.ChangeCursor(root(t))
	u, err := k.redeem(w.Service, root(t), token)
	wantError[*service.TokenInvalidError](t, err, service.CodeTokenInvalid)
	if after, _ := w.ChangeCursor(root(t)); after != before || u != (service.User{}) {
		t.Errorf("something changed, and %+v is told", u)
	}
}

// hasPassword tells whether the password is the user's.
func (w *world) hasPassword(t *testing.T, u service.User, password string) bool {
	t.Helper()
	_, err := w.VerifyPassword(root(t), login(u.Email, password))
	if err != nil {
		wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
	}
	return err == nil
}

func TestTokens(t *testing.T) {
	for name, k := range tokenKinds {
		for by, to := range map[string]func(service.User) service.TokenRecipient{
			"id":      func(u service.User) service.TokenRecipient { return withID(u.ID) },
			"address": func(service.User) service.TokenRecipient { return withEmail(" ADA@Example.com") },
		} {
			t.Run(name+" by "+by, func(t *testing.T) {
				w := closed(t)
				app := as(t, key(service.ScopeUsersVerify))
				ada, _ := w.CreateUser(root(t), newUser("Ada@example.com"))
				token, err := k.create(w.Service, app, to(ada))
				if err != nil {
					t.Fatal(err)
				}
				if !regexp.MustCompile(k.form).MatchString(token.Token) || !token.ExpiresAt.Equal(w.now.Add(k.lifetime)) || token.User != ada {
					t.Errorf("the token is %+v", token)
				}
				w.now = w.now.Add(k.lifetime - time.Microsecond)
				want := ada
				want.EmailVerifiedAt, want.Version, want.UpdatedAt = w.now, 2, w.now
				got, err := k.redeem(w.Service, app, token.Token)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
				if stored, err := w.User(root(t), ada.ID); stored != want || err != nil {
					t.Errorf("%+v is stored, %v", stored, err)
				}
				if k.change == service.ChangePassword == w.hasPassword(t, ada, goodPassword) || k.change == service.ChangePassword != w.hasPassword(t, ada, anotherPassword) {
					t.Error("the password is another than it should be")
				}
				page, err := w.Changes(root(t), service.ChangesInput{})
				if err != nil || len(page.Items) != 2 {
					t.Fatalf("%+v, %v", page, err)
				}
				if c := page.Items[1].Change; c.Kind != k.change || c.Origin.Actor != "key:app" || c.UserID != ada.ID {
					t.Errorf("the log says %+v", c)
				}
				w.wantInvalid(t, k, token.Token)
			})
		}
	}
}

// What is kept of a token is of no use to whoever reads it.
func TestTokensAreKeptHashed(t *testing.T) {
	w := newWorld(t)
	ada := w.create(t, "ada@example.com")
	token := w.token(t, resets, ada)
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "password-reset", Limit: 9, At: w.now})
	if err != nil || len(items) != 1 || string(items[0].Value) != "ada@example.com" || items[0].Key != service.ItemKey(service.HashKey(token)) {
		t.Errorf("%+v, %v", items, err)
	}
}

func TestTokensThatAreNotGood(t *testing.T) {
	change := func(in service.UserInput) func(*testing.T, *world, service.User) {
		return func(t *testing.T, w *world, u service.User) {
			if _, err := w.UpdateUser(t.Context(), u.ID, in, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	inactive, active := change(service.UserInput{IsActive: service.Some(false)}), change(service.UserInput{IsActive: service.Some(true)})
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, w *world, u service.User)
		good      []string // for what the token is good all the same
	}{
		"nothing":                 {func(*testing.T, *world, service.User) {}, []string{"reset", "confirmation"}},
		"another name":            {change(service.UserInput{FirstName: service.Some("Augusta")}), []string{"reset", "confirmation"}},
		"the address's spelling":  {change(service.UserInput{Email: service.Some("ADA@example.com")}), []string{"reset", "confirmation"}},
		"another address":         {change(service.UserInput{Email: service.Some("new@example.com")}), nil},
		"another password":        {change(service.UserInput{Password: service.Some("a third one, as good")}), []string{"confirmation"}},
		"the user is inactive":    {inactive, []string{"confirmation"}},
		"inactive for some while": {func(t *testing.T, w *world, u service.User) { inactive(t, w, u); active(t, w, u) }, []string{"confirmation"}},
		"a login":                 {func(t *testing.T, w *world, u service.User) { w.hasPassword(t, u, goodPassword) }, []string{"reset", "confirmation"}},
		"the user is gone": {func(t *testing.T, w *world, u service.User) {
			if err := w.DeleteUser(t.Context(), u.ID, nil); err != nil {
				t.Fatal(err)
			}
		}, nil},
		"another reset": {func(t *testing.T, w *world, u service.User) { w.wantRedeemed(t, resets, w.token(t, resets, u)) }, []string{"confirmation"}},
		"another confirmation": {func(t *testing.T, w *world, u service.User) {
			w.wantRedeemed(t, confirmations, w.token(t, confirmations, u))
		}, []string{"reset"}},
	} {
		for kind, k := range tokenKinds {
			t.Run(name+", then a "+kind, func(t *testing.T) {
				w := newWorld(t)
				u := w.create(t, "ada@example.com")
				token := w.token(t, k, u)
				c.meanwhile(t, w, u)
				if slices.Contains(c.good, kind) {
					w.wantRedeemed(t, k, token)
				} else {
					w.wantInvalid(t, k, token)
				}
			})
		}
	}
}

func TestTokensOfAnotherKind(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	reset, confirmation := w.token(t, resets, u), w.token(t, confirmations, u)
	for _, token := range []string{confirmation, reset[:len(reset)-1], reset + "0", "userd_reset_", "x", "\x00\xff"} {
		w.wantInvalid(t, resets, token)
	}
	for _, token := range []string{reset, confirmation[1:], " " + confirmation} {
		w.wantInvalid(t, confirmations, token)
	}
	w.wantRedeemed(t, resets, reset)
	w.wantRedeemed(t, confirmations, confirmation)
}

func TestTokensExpire(t *testing.T) {
	for name, k := range tokenKinds {
		for set, c := range map[string]struct {
			lifetimes service.TokenLifetimes
			want      time.Duration
		}{
			"by default": {want: k.lifetime},
			"as set":     {service.TokenLifetimes{PasswordReset: 7 * time.Minute, EmailConfirmation: 7 * time.Minute}, 7 * time.Minute},
		} {
			t.Run(name+" "+set, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorldWith(t, service.Config{Argon2: cheap, Now: time.Now, Tokens: c.lifetimes})
					u := w.create(t, "ada@example.com")
					first, second := w.token(t, k, u), w.token(t, k, u)
					time.Sleep(c.want - time.Microsecond)
					w.wantRedeemed(t, k, first)
					w.wantInvalid(t, k, second) // with which the other one is gone
					third := w.token(t, k, u)
					time.Sleep(c.want)
					w.wantInvalid(t, k, third)
				})
			})
		}
	}
}

// A user has a few tokens at most; those that have expired do not count.
func TestManyTokens(t *testing.T) {
	for name, k := range tokenKinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ada, bob := w.create(t, "ada@example.com"), w.create(t, "bob@example.com")
			bobs := w.token(t, k, bob)
			tokens := make([]string, service.MaxTokens+2)
			for i := range tokens {
				w.now = w.now.Add(time.Minute)
				tokens[i] = w.token(t, k, ada)
			}
			w.wantInvalid(t, k, tokens[0])
			w.wantInvalid(t, k, tokens[1])
			w.wantRedeemed(t, k, tokens[2])
			w.wantInvalid(t, k, tokens[len(tokens)-1])
			w.wantRedeemed(t, k, bobs)
		})
	}
}

// A password that is refused, or that nobody has time to hash, leaves the token good.
func TestRefusedPasswordsLeaveTheTokenGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 1, Queue: 1, Wait: time.Second}})
		u := w.create(t, "ada@example.com")
		token := w.token(t, resets, u)
		for password, want := range map[string]service.FieldCode{
			"": service.FieldRequired, "short": service.FieldTooShort, "password": service.FieldPasswordTooCommon,
			"Ada Lovelace": service.FieldPasswordIsPersonal, "ADA@example.com": service.FieldPasswordIsPersonal,
		} {
			_, err := w.ResetPassword(t.Context(), service.PasswordReset{Token: service.Some(token), Password: service.Some(password)})
			wantMistakes(t, err, mistakes{service.FieldPassword: want})
		}
		leave := w.OccupyHashing(t)
		_, err := resets.redeem(w.Service, t.Context(), token)
		wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
		w.wantInvalid(t, resets, "made up") // for which nobody waits
		leave()
		w.wantStored(t, u)
		w.wantRedeemed(t, resets, token)
	})
}

func TestWrongInputForTokens(t *testing.T) {
	w := newWorld(t)
	ada := w.create(t, "ada@example.com")
	id, email, null := service.Some(ada.ID.String()), service.Some("ada@example.com"), service.Null[string]()
	for name, c := range map[string]struct {
		to   service.TokenRecipient
		want mistakes
	}{
		"nobody":         {service.TokenRecipient{}, mistakes{service.FieldUserID: service.FieldRequired}},
		"both":           {service.TokenRecipient{UserID: id, Email: email}, mistakes{service.FieldEmail: service.FieldInvalid}},
		"null":           {service.TokenRecipient{UserID: null}, mistakes{service.FieldUserID: service.FieldRequired}},
		"null and more":  {service.TokenRecipient{UserID: id, Email: null}, mistakes{service.FieldEmail: service.FieldRequired}},
		"no id":          {service.TokenRecipient{UserID: service.Some("ada")}, mistakes{service.FieldUserID: service.FieldInvalid}},
		"no address":     {service.TokenRecipient{Email: service.Some("ada")}, mistakes{service.FieldEmail: service.FieldInvalid}},
		"neither of two": {service.TokenRecipient{UserID: service.Some(""), Email: service.Some("")}, mistakes{service.FieldUserID: service.FieldInvalid, service.FieldEmail: service.FieldRequired}},
	} {
		t.Run(name, func(t *testing.T) {
			wantMistakes(t, service.CheckTokenRecipient(c.to), c.want)
			for _, k := range tokenKinds {
				_, err := k.create(w.Service, t.Context(), c.to)
				wantMistakes(t, err, c.want)
			}
		})
	}
	for _, token := range []service.Optional[string]{{}, null, service.Some("")} {
		want := mistakes{service.FieldToken: service.FieldRequired}
		wantMistakes(t, service.CheckToken(token), want)
		_, err := w.ConfirmEmail(t.Context(), token)
		wantMistakes(t, err, want)
		want[service.FieldPassword] = service.FieldTooShort
		in := service.PasswordReset{Token: token, Password: service.Some("short")}
		wantMistakes(t, w.CheckPasswordReset(in), want)
		_, err = w.ResetPassword(t.Context(), in)
		wantMistakes(t, err, want)
	}
}

func TestNobodyToMakeATokenFor(t *testing.T) {
	w := newWorld(t)
	ada := w.create(t, "ada@example.com")
	if _, err := w.UpdateUser(t.Context(), ada.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		to    service.TokenRecipient
		field service.Field
		kinds []tokenKind
	}{
		"unknown id":      {withID(someID), service.FieldUserID, []tokenKind{resets, confirmations}},
		"unknown address": {withEmail("nobody@example.com"), service.FieldEmail, []tokenKind{resets, confirmations}},
		"inactive, by id": {withID(ada.ID), service.FieldUserID, []tokenKind{resets}},
		"inactive":        {withEmail("ada@example.com"), service.FieldEmail, []tokenKind{resets}},
	} {
		for _, k := range c.kinds {
			token, err := k.create(w.Service, t.Context(), c.to)
			e := wantError[*service.RecipientNotFoundError](t, err, service.CodeUserNotFound)
			said := map[service.Field]string{
				service.FieldUserID: "No user who can be given such a token has this id.",
				service.FieldEmail:  "No user who can be given such a token has this e-mail address.",
			}
			if e == nil || e.Field != c.field || e.Error() != said[c.field] || token != (service.OneTimeToken{}) {
				t.Errorf("%s: %+v, %+v", name, token, e)
			}
		}
	}
}
