package graph_test

import (
	"net/http"
	"testing"

	"github.com/userd/userd/service"
)

// Only without a refresh token is it the request's own session that ends: an
// empty text is a bad one, with which a client has lost what it meant to send.
func TestSigningOutWithAnEmptyRefreshToken(t *testing.T) {
	f := newFixture(t)
	f.create(ada())
	g, err := f.svc.SignIn(t.Context(), service.SignInInput{Credentials: service.Credentials{
		Email: service.Some("ada@example.com"), Password: service.Some("difference engine")}})
	if err != nil {
		t.Fatal(err)
	}
	signOut := func(input vars) answer {
		return f.send(http.MethodPost, request(t, `mutation ($input: SignOutInput!) { signOut(input: $input) { endedSessionId errors { code } } }`,
			vars{"input": input}), http.Header{"Content-Type": {jsonType}, "Authorization": {"Bearer " + g.AccessToken}})
	}
	for _, bad := range []string{"", " ", "userd_refresh_x"} {
		if a := signOut(vars{"refreshToken": bad}); a.code(t) != "UNAUTHENTICATED" ||
			a.path(t, "errors", 0, "message") != "The API key or token is not valid, or no longer." {
			t.Errorf("%q: %s", bad, a.body)
		}
	}
	signOut(vars{"refreshToken": nil}).is(t, `{"data": {"signOut": {"endedSessionId": "`+g.Session.ID.String()+`", "errors": []}}}`)
}
