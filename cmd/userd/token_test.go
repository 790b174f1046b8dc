package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// newIssuer makes an issuer of tokens: the settings that name it, and what signs
// its tokens.
func newIssuer(t *testing.T) (settings []string, sign func(subject, scope string) string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign = func(subject, scope string) string {
		token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": "https://id.example.com/", "aud": "userd", "sub": subject,
			"scope": scope, "exp": time.Now().Add(time.Hour).Unix()})
		token.Header["kid"] = "1"
		text, err := token.SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	jwks := secretFile(t, fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": %q}]}`, base64.RawURLEncoding.EncodeToString(public)))
	return []string{"--jwt-issuer=https://id.example.com/", "--jwt-audience=userd", "--jwt-jwks=" + jwks}, sign
}

// A user with a token of another issuer reads itself and changes its name, and
// sees nobody else.
func TestTokensOfAnIssuer(t *testing.T) {
	settings, sign := newIssuer(t)
	p := start(t, append(settings, "--database-url=file:"+filepath.Join(t.TempDir(), "userd.db"))...)
	operator := caller{base: p.base, token: sign("billing", "openid users:write changes:read")}
	ids := make([]string, 2)
	for i := range ids {
		in := values{"email": fmt.Sprint(i, "@example.com"), "first_name": "Ada", "last_name": "Lovelace", "password": "notes on the engine"}
		status, _, body := operator.request(t, http.MethodPost, "/users", "*/*", in)
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
		ids[i] = decoded(t, body)["id"].(string)
	}
	ada := caller{base: p.base, token: sign(ids[0], "openid")}
	for _, tt := range []struct {
		method, path string
		body         any
		want         int
	}{
		{http.MethodGet, "/users/" + ids[0], nil, 200},
		{http.MethodPatch, "/users/" + ids[0], values{"first_name": "Augusta"}, 200},
		{http.MethodPatch, "/users/" + ids[0], values{"is_active": true}, 403},
		{http.MethodDelete, "/users/" + ids[0], nil, 403},
		{http.MethodGet, "/users/" + ids[1], nil, 404},
		{http.MethodPatch, "/users/" + ids[1], values{"first_name": "Augusta"}, 404},
		{http.MethodGet, "/users", nil, 403},
		{http.MethodGet, "/changes", nil, 403},
		{http.MethodGet, "/keys", nil, 403},
	} {
		if status, _, body := ada.request(t, tt.method, tt.path, "*/*", tt.body); status != tt.want {
			t.Errorf("%s %s: %d, want %d: %s", tt.method, tt.path, status, tt.want, body)
		}
	}
	p.awaitLog(t, `"actor":"user:`+ids[0]+`"`)
	_, _, log := operator.request(t, http.MethodGet, "/changes?user_id="+ids[0], "*/*", nil)
	var actors []any
	for _, change := range decodedList(t, log) {
		actors = append(actors, change.(map[string]any)["actor"])
	}
	if fmt.Sprint(actors) != fmt.Sprint([]any{"token:billing", "user:" + ids[0]}) {
		t.Errorf("the log names %v", actors)
	}
}
