package service

import (
	"context"
	"errors"

	"golang.org/x/text/unicode/norm"
)

// VerifyPassword returns the active user who has this e-mail address, in any
// spelling that counts as the same, and this password. It returns
// *[InvalidCredentialsError] in every other case, and *[UnavailableError].
//
// Who has no user, or an inactive one, or one without a password, is answered
// no sooner than who has a wrong password: something is hashed in any case. (A
// hash from elsewhere takes its own time until it has been replaced.)
//
// A password that is right replaces a hash that is weaker than new ones are,
// or of another scheme. That is a change of the user, by the actor "userd".
func (s *Service) VerifyPassword(ctx context.Context, email, password string) (User, error) {
	if err := s.require(ctx, ScopeUsersVerify); err != nil {
		return User{}, err
	}
	u, hash, err := s.credentials(ctx, email)
	if err != nil {
		return User{}, err
	}
	var ok bool
	var better *string
	if err := s.gate.run(ctx, func() {
		ok = matchesEitherForm(hash, password) && u.IsActive
		if ok && s.isWeak(hash) {
			better = new(s.argon2.hash(norm.NFC.String(password)))
		}
	}); err != nil {
		return User{}, err
	}
	switch {
	case !ok:
		return User{}, &InvalidCredentialsError{}
	case better != nil:
		u = s.rehash(ctx, u, *better)
	}
	return u, nil
}

// credentials finds the user with this e-mail address and what to compare a
// password with. Where there is no such user it is nobody, who is not active.
func (s *Service) credentials(ctx context.Context, email string) (User, passwordHash, error) {
	nobody := s.argon2.dummy()
	text, p := parseEmail(email)
	if p != nil {
		return User{}, nobody, nil
	}
	u, err := s.userWithEmail(ctx, text.Key)
	if err != nil || u == nil {
		return User{}, nobody, err
	}
	stored, err := s.store.PasswordHash(ctx, u.ID)
	if errors.Is(err, &UserNotFoundError{}) {
		return User{}, nobody, nil // deleted meanwhile
	}
	hash, p := parsePasswordHash(stored)
	if p != nil {
		hash = nobody // there is none, or one that no import lets in
	}
	return *u, hash, err
}

// matchesEitherForm compares the password in NFC, which is what this service
// hashes, and as it was sent, which is what others did. An imported hash can
// look like one made here, so both count for every hash.
func matchesEitherForm(hash passwordHash, password string) bool {
	composed := norm.NFC.String(password)
	if password == "" {
		hash.matches(password)
		return false // some systems hash it for users who have none
	}
	return hash.matches(composed) || password != composed && hash.matches(password)
}

// isWeak tells whether a new hash would be better.
func (s *Service) isWeak(hash passwordHash) bool {
	h, ok := hash.(argon2Hash)
	return !ok || !h.isAsGoodAs(s.argon2)
}

// rehash gives the user another hash of the same password, and returns it as it
// then is. It is no reason to turn the user away when that fails: somebody has
// changed the user meanwhile, or the store takes no changes; there will be a
// next time.
func (s *Service) rehash(ctx context.Context, u User, hash string) User {
	ctx = WithOrigin(ctx, Origin{Actor: "userd", RequestID: OriginOf(ctx).RequestID})
	updated, err := s.store.UpdateUser(ctx, u.ID, Update{Expect: Versions{u.Version}, At: s.timestamp(), PasswordHash: &hash})
	if err != nil {
		return u
	}
	return updated
}
