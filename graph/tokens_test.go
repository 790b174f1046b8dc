package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// runToken sends a mutation that makes a token.
func (f *fixture) runToken(name string, input vars) answer {
	f.t.Helper()
	return f.post(fmt.Sprintf(`mutation ($input: %s%sInput!) { %s(input: $input) {
		token { token expiresAt user { id email version } } errors { code field message } } }`, strings.ToUpper(name[:1]), name[1:], name),
		vars{"input": input})
}

// redemption is how a token is made and redeemed.
type redemption struct {
	make, redeem string
	input        func(token string) vars
}

func redemptions() []redemption {
	return []redemption{
		{"createPasswordResetToken", "resetPassword", func(token string) vars { return vars{"token": token, "password": "analytical engine"} }},
		{"createEmailConfirmationToken", "confirmEmail", func(token string) vars { return vars{"token": token} }},
	}
}

func TestTokens(t *testing.T) {
	kinds := map[string]string{"resetPassword": "PASSWORD_CHANGED", "confirmEmail": "EMAIL_VERIFIED"}
	for _, r := range redemptions() {
		for by, whom := range map[string]vars{"id": {"userId": id(1)}, "address": {"email": " ADA@example.com"}} {
			t.Run(r.redeem+" by "+by, func(t *testing.T) {
				f := newFixture(t)
				f.create(ada())
				made := f.runToken(r.make, whom)
				token, _ := made.path(t, "data", r.make, "token", "token").(string)
				if !strings.HasPrefix(token, "userd_") || made.mistakes(t, r.make) != "" || made.path(t, "data", r.make, "token", "user", "id") != id(1) {
					t.Fatal(made.body)
				}
				f.run(r.redeem, r.input(token)).is(t, `{"data": {"`+r.redeem+`": {"user": {"id": "`+id(1)+`", "email": "Ada@example.com",
					"firstName": "Ada", "lastName": "Lovelace", "isActive": true, "version": 2}, "errors": []}}}`)
				f.post(`query ($id: ID!) { user(id: $id) { history { nodes { kind } } } }`, vars{"id": id(1)}).
					is(t, `{"data": {"user": {"history": {"nodes": [{"kind": "CREATED"}, {"kind": "`+kinds[r.redeem]+`"}]}}}}`)
				f.run(r.redeem, r.input(token)).is(t, `{"data": {"`+r.redeem+`": {"user": null, "errors": [{"code": "TOKEN_INVALID", "field": "token",
					"message": "The token is not, or no longer, good: it was redeemed, has expired, was replaced, or is of another kind."}]}}}`)
			})
		}
	}
}

func TestTokensRefuse(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	for _, r := range redemptions() {
		for _, c := range []struct {
			name  string
			input vars
			want  string
		}{
			{"nobody named", vars{}, "userId REQUIRED"},
			{"null", vars{"userId": nil}, "userId REQUIRED"},
			{"both", vars{"userId": id(1), "email": "ada@example.com"}, "email INVALID"},
			{"no id", vars{"userId": "ada"}, "userId INVALID"},
			{"no address", vars{"email": "ada"}, "email INVALID"},
			{"unknown id", vars{"userId": id(9)}, "userId USER_NOT_FOUND"},
			{"unknown address", vars{"email": "nobody@example.com"}, "email USER_NOT_FOUND"},
		} {
			if got := f.runToken(r.make, c.input).mistakes(t, r.make); got != c.want {
				t.Errorf("%s, %s: %q, want %q", r.make, c.name, got, c.want)
			}
		}
		if got := f.run(r.redeem, r.input("")).mistakes(t, r.redeem); got != "token REQUIRED" {
			t.Errorf("%s: %q", r.redeem, got)
		}
	}
	bad := vars{"token": "x", "password": "short"}
	if got := f.run("resetPassword", bad).mistakes(t, "resetPassword"); got != "password TOO_SHORT" {
		t.Error(got)
	}
}

// What the caller cannot mend is an error of the response.
func TestTokensNeedAScope(t *testing.T) {
	f, _ := closedFixture(t)
	h := bearer("nothing")
	h.Set("Content-Type", "application/json")
	for name, mutation := range map[string]string{
		"createPasswordResetToken":     `createPasswordResetToken(input: {email: "x@example.com"}) { errors { code } }`,
		"createEmailConfirmationToken": `createEmailConfirmationToken(input: {email: "x@example.com"}) { errors { code } }`,
		"resetPassword":                `resetPassword(input: {token: "x", password: "analytical engine"}) { errors { code } }`,
		"confirmEmail":                 `confirmEmail(input: {token: "x"}) { errors { code } }`,
	} {
		a := f.send(http.MethodPost, request(t, "mutation { "+mutation+" }", nil), h)
		if a.code(t) != "FORBIDDEN" || a.path(t, "data", name) != nil || !strings.Contains(a.body, "users:verify") {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}
