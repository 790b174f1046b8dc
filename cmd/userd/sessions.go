package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/userd/userd/service"
)

// sessionSettings say what sessions are like. All copies of a service have the
// same.
type sessionSettings struct {
	SessionIssuer       string        `env:"USERD_SESSION_ISSUER" default:"userd" help:"Issuer (iss) of the access tokens of sessions; the same on all copies, such as the service's URL."`
	SessionAudience     string        `env:"USERD_SESSION_AUDIENCE" help:"Audience (aud) that they are for; none by default."`
	AccessTokenLifetime time.Duration `env:"USERD_ACCESS_TOKEN_LIFETIME" default:"15m" help:"Time an access token is good; 1m to 1h."`
	SessionIdleTimeout  time.Duration `env:"USERD_SESSION_IDLE_TIMEOUT" default:"720h" help:"Time after which a session ends that is not refreshed."`
	SessionLifetime     time.Duration `env:"USERD_SESSION_LIFETIME" default:"4320h" help:"Time after which a session ends in any case."`
}

// check refuses sessions that could not be used.
func (s *sessionSettings) check(jwtIssuer string) error {
	switch {
	case s.SessionIssuer == "" || len(s.SessionIssuer) > 255 || len(s.SessionAudience) > 255:
		return errors.New("--session-issuer and --session-audience have at most 255 bytes, and the issuer at least 1")
	case s.SessionIssuer == jwtIssuer:
		return errors.New("--session-issuer must differ from --jwt-issuer, as each has keys of its own")
	case s.AccessTokenLifetime < time.Minute || s.AccessTokenLifetime > service.MaxAccessTokenLifetime:
		return fmt.Errorf("--access-token-lifetime must be from 1m to %v", service.MaxAccessTokenLifetime)
	case s.SessionIdleTimeout < s.AccessTokenLifetime || s.SessionLifetime < s.SessionIdleTimeout:
		return errors.New("--session-idle-timeout must be at least --access-token-lifetime, and --session-lifetime at least --session-idle-timeout")
	}
	return nil
}

func (s *sessionSettings) config() service.SessionConfig {
	return service.SessionConfig{Issuer: s.SessionIssuer, Audience: s.SessionAudience,
		AccessTokenLifetime: s.AccessTokenLifetime, IdleTimeout: s.SessionIdleTimeout, Lifetime: s.SessionLifetime}
}

// sessionsCmd has the commands about sessions.
type sessionsCmd struct {
	RotateKey rotateKeyCmd `cmd:"" help:"Replace the key that signs access tokens, at once: those signed before are refused. Keys change by themselves every 90 days; this is for one that has become known."`
}

// rotateKeyCmd replaces the signing keys.
type rotateKeyCmd struct{ keyRingSettings }

func (c *rotateKeyCmd) run(ctx context.Context, stdout, stderr io.Writer) error {
	return c.with(ctx, "userd sessions", stderr, func(ctx context.Context, keys keyRing) error {
		k, err := keys.RotateSigningKey(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "access tokens are signed with the key %s from now on\n", k.ID)
		return nil
	})
}
