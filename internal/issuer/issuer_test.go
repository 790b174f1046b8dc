package issuer_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/userd/userd/internal/issuer"
	"github.com/userd/userd/service"
)

// signer is a key of the issuer.
type signer struct {
	kid    string
	method jwt.SigningMethod
	key    crypto.Signer
}

func newSigners(t *testing.T) (rs, es, ed signer) {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{"rs", jwt.SigningMethodRS256, rsaKey}, signer{"es", jwt.SigningMethodES256, ecKey}, signer{"ed", jwt.SigningMethodEdDSA, edKey}
}

// jwk is the public key, as RFC 7517, 7518 and 8037 write it.
func (s signer) jwk() map[string]string {
	b64 := base64.RawURLEncoding.EncodeToString
	jwk := map[string]string{"kid": s.kid, "alg": s.method.Alg(), "use": "sig"}
	switch k := s.key.Public().(type) {
	case *rsa.PublicKey:
		maps.Copy(jwk, map[string]string{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())})
	case *ecdsa.PublicKey:
		point, _ := k.Bytes()
		maps.Copy(jwk, map[string]string{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])})
	case ed25519.PublicKey:
		maps.Copy(jwk, map[string]string{"kty": "OKP", "crv": "Ed25519", "x": b64(k)})
	}
	return jwk
}

func jwks(t *testing.T, signers ...signer) []byte {
	t.Helper()
	set := map[string][]map[string]string{"keys": {}}
	for _, s := range signers {
		set["keys"] = append(set["keys"], s.jwk())
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// good are the claims of a token that is taken.
func good() jwt.MapClaims {
	return jwt.MapClaims{"iss": "https://id.example.com", "aud": []string{"other", "userd"}, "sub": "billing",
		"scope": "openid users:read changes:read", "exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Unix()}
}

// with is good with other claims; nil takes one out.
func with(name string, value any) jwt.MapClaims {
	c := good()
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

func sign(t *testing.T, method jwt.SigningMethod, kid string, key any, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s signer) sign(t *testing.T, c jwt.MapClaims) string {
	t.Helper()
	return sign(t, s.method, s.kid, s.key, c)
}

func config(jwks string) issuer.Config {
	return issuer.Config{Issuer: "https://id.example.com", Audience: "userd", JWKS: jwks}
}

func fileOf(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTokens(t *testing.T) {
	rs, es, ed := newSigners(t)
	_, _, stranger := newSigners(t)
	i := issuer.Open(t.Context(), config(fileOf(t, jwks(t, rs, es, ed))))
	public, err := x509.MarshalPKIXPublicKey(rs.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	now := time.Now()
	const ada = "01890a5d-ac96-774b-bcce-b302099a8057"
	for _, tt := range []struct{ name, token, want string }{
		{"RS256", rs.sign(t, good()), "token:billing"},
		{"ES256", es.sign(t, good()), "token:billing"},
		{"EdDSA", ed.sign(t, good()), "token:billing"},
		{"of a user", es.sign(t, with("sub", ada)), "user:" + ada},
		{"without nbf", es.sign(t, with("nbf", nil)), "token:billing"},
		{"without scopes", es.sign(t, with("scope", nil)), "token:billing"},
		{"for us alone", es.sign(t, with("aud", "userd")), "token:billing"},
		{"without kid", sign(t, es.method, "", es.key, good()), "token:billing"},
		{"just expired", es.sign(t, with("exp", now.Add(-20*time.Second).Unix())), "token:billing"},
		{"good in a moment", es.sign(t, with("nbf", now.Add(20*time.Second).Unix())), "token:billing"},

		{"alg none", sign(t, jwt.SigningMethodNone, "rs", jwt.UnsafeAllowNoneSignatureType, good()), ""},
		{"HS256 with the public key", sign(t, jwt.SigningMethodHS256, "rs", publicPEM, good()), ""},
		{"RS384", sign(t, jwt.SigningMethodRS384, "rs", rs.key, good()), ""},
		{"PS256", sign(t, jwt.SigningMethodPS256, "rs", rs.key, good()), ""},
		{"an unknown kid", sign(t, ed.method, "other", ed.key, good()), ""},
		{"another's kid", sign(t, ed.method, "es", ed.key, good()), ""},
		{"a stranger's key", stranger.sign(t, good()), ""},
		{"expired", es.sign(t, with("exp", now.Add(-40*time.Second).Unix())), ""},
		{"without exp", es.sign(t, with("exp", nil)), ""},
		{"not yet good", es.sign(t, with("nbf", now.Add(40*time.Second).Unix())), ""},
		{"another issuer's", es.sign(t, with("iss", "https://evil.example.com")), ""},
		{"nobody's", es.sign(t, with("iss", nil)), ""},
		{"for others", es.sign(t, with("aud", "other")), ""},
		{"for nobody", es.sign(t, with("aud", nil)), ""},
		{"about nobody", es.sign(t, with("sub", nil)), ""},
		{"a subject with a line break", es.sign(t, with("sub", "a\nb")), ""},
		{"a long subject", es.sign(t, with("sub", strings.Repeat("x", 256))), ""},
		{"changed", changed(es.sign(t, good())), ""},
		{"no token", "a.b.c", ""},
		{"a key", service.NewKeyText(), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := i.Authenticate(t.Context(), tt.token)
			switch {
			case tt.want == "" && service.CodeOf(err) != service.CodeUnauthenticated:
				t.Errorf("%s, %v", a, err)
			case tt.want != "" && (err != nil || a.String() != tt.want):
				t.Errorf("%s, %v, want %s", a, err, tt.want)
			}
		})
	}
}

// changed is a token with other claims under the same signature.
func changed(token string) string {
	part := strings.Split(token, ".")
	claims, _ := base64.RawURLEncoding.DecodeString(part[1])
	part[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), "billing", "baron", 1)))
	return strings.Join(part, ".")
}

func TestScopesOfTokens(t *testing.T) {
	_, es, _ := newSigners(t)
	i := issuer.Open(t.Context(), config(fileOf(t, jwks(t, es))))
	svc := service.New(nil, service.Config{Authenticators: []service.Authenticator{i.Authenticate}})
	a, err := i.Authenticate(t.Context(), es.sign(t, with("scope", "users:write")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = svc.ListUsers(service.WithActor(t.Context(), a), service.ListInput{})
	if service.CodeOf(err) != service.CodeForbidden {
		t.Error(err)
	}
}

// server is an issuer that serves what it is told to.
type server struct {
	*httptest.Server
	text   atomic.Pointer[[]byte]
	asked  atomic.Int64
	broken atomic.Bool
}

func newServer(t *testing.T, text []byte) *server {
	s := new(server)
	s.text.Store(&text)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		if s.broken.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(*s.text.Load())
	}))
	t.Cleanup(s.Close)
	return s
}

// The keys of an issuer that is away stay good, and tokens with unknown keys ask
// for new ones no more than every now and then.
func TestAnIssuerThatIsAway(t *testing.T) {
	rs, es, _ := newSigners(t)
	s := newServer(t, jwks(t, es))
	i := issuer.Open(t.Context(), config(s.URL))
	s.broken.Store(true)
	for range 100 {
		if _, err := i.Authenticate(t.Context(), es.sign(t, good())); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Authenticate(t.Context(), rs.sign(t, good())); service.CodeOf(err) != service.CodeUnauthenticated {
			t.Fatal(err)
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
}

func TestAnIssuerThatWasNeverThere(t *testing.T) {
	_, es, _ := newSigners(t)
	for name, jwks := range map[string]string{
		"no such file":  filepath.Join(t.TempDir(), "jwks.json"),
		"no JSON":       fileOf(t, []byte("secret")),
		"a huge file":   fileOf(t, []byte(strings.Repeat(" ", 1<<20+1))),
		"no such port":  "http://127.0.0.1:1",
		"no URL":        "http://%",
		"another thing": newServer(t, []byte("<html>")).URL,
	} {
		i := issuer.Open(t.Context(), config(jwks))
		if _, err := i.Authenticate(t.Context(), es.sign(t, good())); service.CodeOf(err) != service.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A new key is found at its first token, and an old one forgotten, in time; a
// connection does not outlive its token.
func TestRotatedKeysAndTimes(t *testing.T) {
	rs, es, _ := newSigners(t)
	path := fileOf(t, jwks(t, es))
	synctest.Test(t, func(t *testing.T) {
		i := issuer.Open(t.Context(), config(path))
		svc := service.New(nil, service.Config{Authenticators: []service.Authenticator{i.Authenticate}})
		a, err := i.Authenticate(t.Context(), es.sign(t, good()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, jwks(t, rs), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Authenticate(t.Context(), rs.sign(t, good())); err == nil {
			t.Error("the keys are read too often")
		}
		time.Sleep(10 * time.Second)
		if _, err := i.Authenticate(t.Context(), rs.sign(t, good())); err != nil {
			t.Error(err)
		}
		if _, err := i.Authenticate(t.Context(), es.sign(t, good())); service.CodeOf(err) != service.CodeUnauthenticated {
			t.Errorf("the old key: %v", err)
		}
		if err := os.WriteFile(path, jwks(t, es), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if _, err := i.Authenticate(t.Context(), es.sign(t, good())); err != nil {
			t.Errorf("after a while: %v", err)
		}
		time.Sleep(time.Hour)
		_, err = svc.ListUsers(service.WithActor(t.Context(), a), service.ListInput{})
		if service.CodeOf(err) != service.CodeUnauthenticated {
			t.Errorf("after the token has expired: %v", err)
		}
	})
}
