package service

import (
	"context"
	"strings"
)

// Authenticator finds out who sent a bearer token. It returns
// *[UnauthenticatedError] for one that it does not know, and
// *[UnavailableError] when it cannot tell now.
type Authenticator func(ctx context.Context, token string) (Actor, error)

// maxToken bounds a bearer token, in bytes. Issuers' tokens have some hundreds.
const maxToken = 8192

// Authenticate returns who sent a request with this value of the header
// Authorization ("" when there is none), for [WithActor]. A transport calls it
// before it looks at anything else of the request. Tokens of this service's own
// sessions, shown as bearer tokens, count everywhere. Beside them everybody is anonymous in an open
// service, whatever they send; a closed one returns *[UnauthenticatedError], or
// *[UnavailableError] when it cannot tell now.
func (s *Service) Authenticate(ctx context.Context, authorization string) (Actor, error) {
	closed, err := s.isClosed(ctx)
	if err != nil {
		return Actor{}, err
	}
	token, ok := bearerToken(authorization)
	if ok {
		if a, ours, err := s.sessionActor(ctx, token); ours {
			return a, err
		}
	}
	switch {
	case !closed:
		return Actor{}, nil
	case authorization == "":
		return Actor{}, &UnauthenticatedError{}
	case !ok:
		return Actor{}, &UnauthenticatedError{Invalid: true}
	}
	for _, authenticate := range s.authenticators {
		a, err := authenticate(ctx, token)
		if err == nil {
			return a, s.stillGood(ctx, a)
		}
		if CodeOf(err) != CodeUnauthenticated {
			return Actor{}, err
		}
	}
	return Actor{}, &UnauthenticatedError{Invalid: true}
}

// sessionActor is who sent a token, if it is one of this service's sessions.
func (s *Service) sessionActor(ctx context.Context, token string) (a Actor, ours bool, err error) {
	if access, is := s.sessions.parseAccessToken(token); is {
		a = s.userOf(access)
	} else if strings.HasPrefix(token, refreshPrefix) {
		a = s.refresherOf(token)
	} else {
		return Actor{}, false, nil
	}
	if err = s.stillGood(ctx, a); err != nil {
		a = Actor{}
	}
	return a, true, err
}

// userOf is the user with an access token, while it and its session last.
func (s *Service) userOf(t accessToken) Actor {
	a := TokenActor(t.user.String(), nil).While(func(ctx context.Context) error {
		if err := s.verify(ctx, t); err != nil {
			return err
		}
		session, err := s.session(ctx, t.session)
		if err == nil && session.user != t.user {
			err = &UnauthenticatedError{Invalid: true}
		}
		return err
	})
	a.session = t.session
	return a
}

// refresherOf is somebody with a refresh token, who may do nothing but refresh
// the session and end it. A GraphQL client with nothing else comes in by it.
func (s *Service) refresherOf(token string) Actor {
	t, ok := parseRefreshToken(token)
	return Actor{name: "session:" + t.session.String(), session: t.session}.While(func(ctx context.Context) error {
		if !ok {
			return &UnauthenticatedError{Invalid: true}
		}
		_, err := s.sessionWith(ctx, t)
		return err
	})
}

// isClosed tells whether callers have to say who they are: once there is
// anything that they could say it with. Revoked keys count: to revoke the last
// one must not let everybody in.
func (s *Service) isClosed(ctx context.Context) (bool, error) {
	if len(s.authenticators) > 1 {
		return true, nil
	}
	keys, err := s.keyring.keys.get(ctx)
	return len(keys) > 0, err
}

// IsOpen tells whether everybody may do everything here, for a warning.
func (s *Service) IsOpen(ctx context.Context) (bool, error) {
	closed, err := s.isClosed(ctx)
	return err == nil && !closed, err
}

// bearerToken is the token in credentials of the form that RFC 6750, section
// 2.1, gives them. The scheme's name may be in any case (RFC 9110, section 11.1).
func bearerToken(authorization string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimLeft(token, " ")
	ok = strings.EqualFold(scheme, "Bearer") && token != "" && len(token) <= maxToken &&
		!strings.ContainsFunc(strings.TrimRight(token, "="), notToken68)
	return token, ok
}

// notToken68 reports what no token has but for = at its end (RFC 6750, section
// 2.1: b64token).
func notToken68(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~+/", r))
}
