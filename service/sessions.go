package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// SignInInput is what somebody signs in with.
type SignInInput struct {
	Credentials
	// Label is what the session is to be called; none by default.
	Label Optional[string]
}

// Grant is what a session is used with.
type Grant struct {
	User    User
	Session Session
	// AccessToken is a JWT (RFC 7519) that is signed with EdDSA by one of
	// [Service.PublicKeys]. It says iss, sub (the user's id), sid (the session's),
	// iat, exp and, where one is set, aud.
	AccessToken string
	// ExpiresIn is for how many seconds it is good.
	ExpiresIn int32
	// RefreshToken is what [Service.RefreshSession] takes, once.
	RefreshToken string
}

// signInAttempts bounds how often a sign-in begins anew because the user has
// changed between the check of the password and the session.
const signInAttempts = 3

// SignIn begins a session of the user who has this e-mail address and password.
// It returns *[InvalidInputError] and what [Service.VerifyPassword] returns.
func (s *Service) SignIn(ctx context.Context, in SignInInput) (Grant, error) {
	if err := s.require(ctx, ScopeUsersVerify); err != nil {
		return Grant{}, err
	}
	credentials, label, err := parseSignIn(ctx, in)
	if err != nil {
		return Grant{}, err
	}
	for range signInAttempts {
		u, err := s.verifyCounted(ctx, credentials)
		if err != nil {
			return Grant{}, err
		}
		g, err := s.begin(ctx, u, label)
		if CodeOf(err) != CodeVersionConflict && CodeOf(err) != CodeUserNotFound {
			return g, err
		}
	}
	return Grant{}, &UnavailableError{Reason: "The user is being changed at the moment; try again."}
}

// CheckSignIn returns what SignIn would find wrong with in by itself, for a
// transport that has found mistakes in decoding.
func CheckSignIn(in SignInInput) error {
	_, _, err := parseSignIn(context.Background(), in)
	return err
}

func parseSignIn(ctx context.Context, in SignInInput) (_ credentials, label string, err error) {
	var c checker
	credentials := c.credentials(ctx, in.Credentials)
	if text := parseField(&c, FieldLabel, false, in.Label, parseLabel); text != nil {
		label = *text
	}
	return credentials, label, c.err()
}

// begin begins a session of the user as u says that it is. It returns
// *VersionConflictError when the user has changed: a session must not come of a
// password that is no longer good, nor of a user who is to be kept out by now.
func (s *Service) begin(ctx context.Context, u User, label string) (Grant, error) {
	k, _, err := s.signing.current(ctx)
	if err != nil {
		return Grant{}, err
	}
	now := s.timestamp()
	session, t := newSession(u.ID, label, s.sessions, now, s.random)
	err = retry(func() error {
		oldest, err := s.endOldest(ctx, u.ID)
		if err != nil {
			return err
		}
		changes := append(oldest, session.put())
		_, err = s.store.UpdateUser(ctx, u.ID, Update{Expect: Versions{u.Version}, At: now, Items: changes})
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	return s.grant(u, session, t, k, now), nil
}

// endOldest are the changes that make room for another session.
func (s *Service) endOldest(ctx context.Context, user uuid.UUID) (ends []ItemChange, err error) {
	all, err := s.sessionsOf(ctx, user)
	for len(all) >= MaxSessions && len(ends) < MaxItemChanges-1 {
		ends, all = append(ends, all[0].end()), all[1:]
	}
	return ends, err
}

// sessionsOf are all sessions of the user, the oldest first.
func (s *Service) sessionsOf(ctx context.Context, user uuid.UUID) ([]sessionItem, error) {
	const most = 2 * MaxSessions // those that are too many are few
	items, err := s.store.Items(ctx, ItemQuery{Kind: kindSession, User: user, Limit: most, At: s.timestamp()})
	all := make([]sessionItem, 0, len(items))
	for _, i := range items {
		session, wrong := sessionOf(i)
		if wrong != nil {
			return nil, wrong
		}
		all = append(all, session)
	}
	slices.SortFunc(all, func(a, b sessionItem) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, err
}

// retry makes an attempt again for as long as an item has changed meanwhile,
// which means that somebody else has got further.
func retry(attempt func() error) error {
	for {
		if err := attempt(); !isItemConflict(err) {
			return err
		}
	}
}

// grant is what the session is used with from now on.
func (s *Service) grant(u User, session sessionItem, t refreshToken, k signingKey, now time.Time) Grant {
	access, expiresIn := s.sessions.signAccessToken(session, k, now)
	return Grant{User: u, Session: session.public(session.ID), AccessToken: access, ExpiresIn: expiresIn, RefreshToken: t.String()}
}

// RefreshSession returns new tokens in exchange for a refresh token, which is all
// that a caller needs to have. The token is good once; within 10 seconds
// it is answered again in the same way, for the answer may have got lost. After
// that somebody must have stolen it, and nobody knows which of both calls: the
// session ends, and the log has a warning. It returns *[UnauthenticatedError] for
// a token that is not, or no longer, good, and *[RateLimitedError].
func (s *Service) RefreshSession(ctx context.Context, token string) (g Grant, err error) {
	if err := s.spend(ctx, writes); err != nil {
		return Grant{}, err
	}
	t, ok := parseRefreshToken(token)
	if !ok {
		return Grant{}, &UnauthenticatedError{Invalid: true}
	}
	k, _, err := s.signing.current(ctx)
	if err != nil {
		return Grant{}, err
	}
	err = retry(func() error {
		g, err = s.refresh(ctx, t, k)
		return err
	})
	return g, err
}

// refresh makes one attempt to refresh the session of t.
func (s *Service) refresh(ctx context.Context, t refreshToken, k signingKey) (Grant, error) {
	session, err := s.sessionWith(ctx, t)
	if err != nil {
		return Grant{}, err
	}
	now := s.timestamp()
	u, err := s.store.User(ctx, session.user)
	switch {
	case err != nil && CodeOf(err) != CodeUserNotFound:
		return Grant{}, err
	case !u.IsActive, // its sessions have ended, unless a copy of an older version has made it so
		!session.CreatedAt.Add(s.sessions.Lifetime).After(now): // which was longer when it was refreshed last
		return Grant{}, &UnauthenticatedError{Invalid: true}
	}
	next, outcome := session.refresh(t, s.sessions, now, s.random)
	switch outcome {
	case rotated:
		err = s.store.ChangeItems(ctx, now, []ItemChange{session.put()})
	case reused:
		if err = s.store.ChangeItems(ctx, now, []ItemChange{session.end()}); err == nil {
			s.log.WarnContext(ctx, "a refresh token was used a second time, so its session was ended", "user", session.user, "session", session.ID)
			err = &UnauthenticatedError{Invalid: true}
		}
	}
	if err != nil {
		return Grant{}, err
	}
	return s.grant(u, session, next, k, now), nil
}

// session returns the session with this id, or *UnauthenticatedError.
func (s *Service) session(ctx context.Context, id uuid.UUID) (sessionItem, error) {
	i, err := s.store.Item(ctx, kindSession, sessionKey(id), s.timestamp())
	if _, none := errors.AsType[*ItemNotFoundError](err); none {
		return sessionItem{}, &UnauthenticatedError{Invalid: true}
	}
	if err != nil {
		return sessionItem{}, err
	}
	return sessionOf(i)
}

// sessionWith returns the session that one of its refresh tokens, old or new,
// belongs to.
func (s *Service) sessionWith(ctx context.Context, t refreshToken) (sessionItem, error) {
	session, err := s.session(ctx, t.session)
	if err == nil && !session.Family.isOf(t.family[:]) {
		err = &UnauthenticatedError{Invalid: true}
	}
	return session, err
}

// SignOut ends the session that one of its refresh tokens belongs to, or without
// one ("") the session that the actor calls with, and returns its id. It returns
// *[UnauthenticatedError] where there is none, and *[RateLimitedError].
func (s *Service) SignOut(ctx context.Context, token string) (uuid.UUID, error) {
	if err := s.spend(ctx, writes); err != nil {
		return uuid.Nil, err
	}
	id, err := s.sessionToEnd(ctx, token)
	if err != nil {
		return uuid.Nil, err
	}
	return id, retry(func() error {
		session, err := s.session(ctx, id)
		if err != nil {
			return err
		}
		return s.store.ChangeItems(ctx, s.timestamp(), []ItemChange{session.end()})
	})
}

func (s *Service) sessionToEnd(ctx context.Context, token string) (uuid.UUID, error) {
	if token == "" {
		a, err := s.actor(ctx)
		if err == nil && a.session == uuid.Nil {
			err = &UnauthenticatedError{}
		}
		return a.session, err
	}
	t, ok := parseRefreshToken(token)
	if !ok {
		return uuid.Nil, &UnauthenticatedError{Invalid: true}
	}
	_, err := s.sessionWith(ctx, t)
	return t.session, err
}

// Sessions returns the user's sessions, the oldest first. It returns
// *[UserNotFoundError].
func (s *Service) Sessions(ctx context.Context, user uuid.UUID) ([]Session, error) {
	if err := s.mayRead(ctx, user); err != nil {
		return nil, err
	}
	if _, err := s.store.User(ctx, user); err != nil {
		return nil, err
	}
	all, err := s.sessionsOf(ctx, user)
	list := make([]Session, len(all))
	for i, session := range all {
		list[i] = session.public(ActorOf(ctx).session)
	}
	return list, err
}

// EndSession ends one session of the user. Its access tokens are refused here at
// once; another service that verifies them by itself takes them until they are
// over. It returns *[UserNotFoundError] or *[SessionNotFoundError].
func (s *Service) EndSession(ctx context.Context, user, id uuid.UUID) error {
	if err := s.mayChange(ctx, user, UserInput{}); err != nil {
		return err
	}
	if _, err := s.store.User(ctx, user); err != nil {
		return err
	}
	return retry(func() error {
		session, err := s.session(ctx, id)
		if CodeOf(err) == CodeUnauthenticated || err == nil && session.user != user {
			return &SessionNotFoundError{}
		}
		if err != nil {
			return err
		}
		return s.store.ChangeItems(ctx, s.timestamp(), []ItemChange{session.end()})
	})
}

// EndSessions ends all sessions of the user, who signs out everywhere, and returns
// the user. It returns *[UserNotFoundError].
func (s *Service) EndSessions(ctx context.Context, user uuid.UUID) (User, error) {
	if err := s.mayChange(ctx, user, UserInput{}); err != nil {
		return User{}, err
	}
	return s.store.UpdateUser(ctx, user, Update{At: s.timestamp(), EndItems: []ItemKind{kindSession}})
}
