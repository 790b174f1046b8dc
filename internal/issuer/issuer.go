// Package issuer recognises callers by the tokens (JWTs, RFC 7519) of an
// identity provider that somebody else runs.
package issuer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/userd/userd/service"
)

const (
	// leeway is how far the issuer's clock and ours may be apart.
	leeway = 30 * time.Second
	// refreshInterval is how often the issuer's keys are read again.
	refreshInterval = 5 * time.Minute
	// retryInterval is the least time between two times of reading them: tokens
	// with keys that nobody knows, which anybody can make, cause no more.
	retryInterval = 10 * time.Second
	// maxSubject bounds a token's subject in bytes: the change log keeps it.
	maxSubject = 255
)

// algorithms are those whose keys are no secrets of ours. With HS256 a public
// key would pass for a shared secret (RFC 8725, section 2.1).
var algorithms = []string{"RS256", "ES256", "EdDSA"}

// Config says whose tokens are taken. All of it must be given but Log.
type Config struct {
	// Issuer is the claim iss of the tokens.
	Issuer string
	// Audience must be among the tokens' aud: who else the issuer has tokens
	// for must not come in here.
	Audience string
	// JWKS is where the issuer's keys are (RFC 7517): a URL, or the name of a file.
	JWKS string
	// Log is told when the keys cannot be read; nil discards it.
	Log *slog.Logger
}

// Issuer verifies the tokens of one issuer.
type Issuer struct {
	config Config
	client *http.Client
	parser *jwt.Parser
	keys   atomic.Pointer[keyfunc.Keyfunc]
	turn   chan struct{} // holds one while the keys are read
	tried  time.Time     // guarded by turn; when they were read last, or could not be
}

// Open reads the issuer's keys, and again now and then until ctx ends. An issuer
// that is away, then or later, is no error: the keys that were read are gone by.
func Open(ctx context.Context, c Config) *Issuer {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	i := &Issuer{
		config: c,
		client: &http.Client{Timeout: loadTimeout},
		parser: jwt.NewParser(jwt.WithValidMethods(algorithms), jwt.WithIssuer(c.Issuer), jwt.WithAudience(c.Audience),
			jwt.WithExpirationRequired(), jwt.WithLeeway(leeway)),
		turn: make(chan struct{}, 1),
	}
	i.refresh(ctx)
	go i.keepFresh(ctx)
	return i
}

// claims are what counts of a token.
type claims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"` // RFC 8693, section 4.2: names with spaces between
}

// Authenticate is a [service.Authenticator]. It takes tokens that are signed by
// one of the issuer's keys with RS256, ES256 or EdDSA, are by this issuer and for
// this audience, have an exp that is to come and no nbf that is.
func (i *Issuer) Authenticate(ctx context.Context, token string) (service.Actor, error) {
	if strings.Count(token, ".") != 2 {
		return service.Actor{}, &service.UnauthenticatedError{Invalid: true}
	}
	c, err := i.verify(token)
	if errors.Is(err, jwt.ErrTokenUnverifiable) && i.refresh(ctx) { // the key may be a new one
		c, err = i.verify(token)
	}
	switch {
	case errors.Is(err, errNoKeys):
		return service.Actor{}, &service.UnavailableError{Reason: "Tokens cannot be verified at the moment.", RetryAfter: retryInterval, Err: err}
	case err != nil || !isSubject(c.Subject):
		return service.Actor{}, &service.UnauthenticatedError{Invalid: true}
	}
	return service.TokenActor(c.Subject, service.KnownScopes(strings.Fields(c.Scope))).While(until(c.ExpiresAt.Add(leeway))), nil
}

// errNoKeys says that the keys have never been read.
var errNoKeys = errors.New("the issuer's keys have not been read yet")

func (i *Issuer) verify(token string) (c claims, err error) {
	_, err = i.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if keys := i.keys.Load(); keys != nil {
			return (*keys).Keyfunc(t)
		}
		return nil, errNoKeys
	})
	return c, err
}

// isSubject tells whether s can stand for somebody in the change log.
func isSubject(s string) bool {
	return s != "" && len(s) <= maxSubject && strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// until is a check that fails from end on: a connection that is open does not
// outlive its token.
func until(end time.Time) func(context.Context) error {
	return func(context.Context) error {
		if time.Now().Before(end) {
			return nil
		}
		return &service.UnauthenticatedError{Invalid: true}
	}
}
