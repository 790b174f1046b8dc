package service_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// What says to be a token of this service is one, or refused, in an open service
// as in a closed one. What others have issued is their business.
func TestAccessTokensThatAreNone(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Sessions: service.SessionConfig{Audience: "app"}})
	u, bob := w.create(t, "ada@example.com"), w.create(t, "bob@example.com")
	g := w.signIn(t, u.Email)
	kid := keyID(t, g.AccessToken)
	public := func() ed25519.PublicKey {
		keys, _ := w.PublicKeys(t.Context())
		return keys[0].Key
	}()
	ours := service.SigningKey(t, w.Service)
	_, strange, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := jwt.MapClaims{"iss": "userd", "aud": "app", "sub": u.ID.String(), "sid": g.Session.ID.String(), "exp": w.now.Add(time.Minute).Unix()}
	with := func(name string, value any) jwt.MapClaims {
		c := jwt.MapClaims{}
		for n, v := range good {
			c[n] = v
		}
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return c
	}
	sign := func(method jwt.SigningMethod, kid any, key any, c jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ed := jwt.SigningMethodEdDSA
	part := strings.Split(g.AccessToken, ".")
	for name, tt := range map[string]struct {
		token string
		want  string
	}{
		"as signed here":        {g.AccessToken, "good"},
		"as signed elsewhere":   {sign(ed, kid, ours, good), "good"},
		"alg none":              {sign(jwt.SigningMethodNone, kid, jwt.UnsafeAllowNoneSignatureType, good), "refused"},
		"no signature":          {part[0] + "." + part[1] + ".", "refused"},
		"HS256":                 {sign(jwt.SigningMethodHS256, kid, []byte(public), good), "refused"},
		"another alg":           {withHeader(g.AccessToken, `{"alg":"none","kid":"`+kid+`"}`), "refused"},
		"another key":           {sign(ed, kid, strange, good), "refused"},
		"an unknown key":        {sign(ed, "other", strange, good), "refused"},
		"no kid":                {sign(ed, "", ours, good), "refused"},
		"other claims":          {part[0] + "." + strings.Split(sign(ed, kid, ours, with("sub", bob.ID.String())), ".")[1] + "." + part[2], "refused"},
		"another spelling":      {g.AccessToken + "=", "refused"},
		"expired":               {sign(ed, kid, ours, with("exp", w.now.Unix())), "refused"},
		"without an end":        {sign(ed, kid, ours, with("exp", nil)), "refused"},
		"another audience":      {sign(ed, kid, ours, with("aud", "other")), "refused"},
		"no audience":           {sign(ed, kid, ours, with("aud", nil)), "refused"},
		"another user":          {sign(ed, kid, ours, with("sub", bob.ID.String())), "refused"},
		"no user":               {sign(ed, kid, ours, with("sub", "ada")), "refused"},
		"another session":       {sign(ed, kid, ours, with("sid", uuid.Max.String())), "refused"},
		"no session":            {sign(ed, kid, ours, with("sid", nil)), "refused"},
		"another issuer":        {sign(ed, kid, ours, with("iss", "https://id.example.com")), "not ours"},
		"a list of audiences":   {sign(ed, kid, ours, with("aud", []string{"app"})), "not ours"},
		"no issuer":             {sign(ed, kid, ours, with("iss", nil)), "not ours"},
		"a kid that is no text": {sign(ed, 1, ours, good), "not ours"},
		"no JSON":               {"YQ.YQ.YQ", "not ours"},
		"one dot":               {part[0] + "." + part[1], "not ours"},
		"a key":                 {service.NewKeyText(), "not ours"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := w.Authenticate(t.Context(), "Bearer "+tt.token)
			got := map[bool]string{true: "refused", false: "not ours"}[err != nil]
			if a.String() == "user:"+u.ID.String() {
				got = "good"
			}
			if got != tt.want {
				t.Errorf("in an open service it is %s, want %s (%s, %v)", got, tt.want, a, err)
			}
			if err != nil {
				wantInvalid(t, err)
			}
			shut := service.New(w.store, service.Config{Now: func() time.Time { return w.now }, Sessions: service.SessionConfig{Audience: "app"}, Authenticators: []service.Authenticator{nobody}})
			if _, err := shut.Authenticate(t.Context(), "Bearer "+tt.token); (err == nil) != (tt.want == "good") {
				t.Errorf("in a closed service: %v", err)
			}
		})
	}
}

// withHeader is a token with another header.
func withHeader(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}
