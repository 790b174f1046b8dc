package service

import (
	"context"

	"github.com/google/uuid"
)

// TokenRecipient names the user a one-time token is for, in exactly one way.
type TokenRecipient struct {
	// UserID is the user's id.
	UserID Optional[string]
	// Email is the user's e-mail address, in any spelling that counts as the same.
	Email Optional[string]
}

// PasswordReset is a new password for the user whose token it is.
type PasswordReset struct {
	// Token and Password must be given.
	Token, Password Optional[string]
}

// CreatePasswordResetToken makes a token with which [Service.ResetPassword] gives
// an active user a new password. It needs [ScopeUsersVerify] and returns
// *[InvalidInputError] or *[RecipientNotFoundError].
func (s *Service) CreatePasswordResetToken(ctx context.Context, to TokenRecipient) (OneTimeToken, error) {
	return s.createToken(ctx, s.passwordReset(), to)
}

// CreateEmailConfirmationToken makes a token with which [Service.ConfirmEmail]
// takes the user's e-mail address for verified. It needs [ScopeUsersVerify] and
// returns *[InvalidInputError] or *[RecipientNotFoundError].
func (s *Service) CreateEmailConfirmationToken(ctx context.Context, to TokenRecipient) (OneTimeToken, error) {
	return s.createToken(ctx, s.emailConfirmation(), to)
}

// ResetPassword gives the user another password, in exchange for a token of
// [Service.CreatePasswordResetToken], and ends the user's other such tokens. As
// the token came to the user's e-mail address, that is verified, too. It needs
// [ScopeUsersVerify] and returns *[InvalidInputError] or *[UnavailableError],
// which leave the token good, or *[TokenInvalidError].
func (s *Service) ResetPassword(ctx context.Context, in PasswordReset) (User, error) {
	if err := s.require(ctx, ScopeUsersVerify); err != nil {
		return User{}, err
	}
	var c checker
	token, password := c.passwordReset(in, s.passwords)
	if err := c.err(); err != nil {
		return User{}, err
	}
	return s.redeem(ctx, s.passwordReset(), *token, func(u User) (Update, error) {
		hash, err := s.hashNewPassword(ctx, u, userChange{password: password})
		update := Update{PasswordHash: hash}
		update.endAccess()
		return update, err
	})
}

// ConfirmEmail notes that the user's e-mail address was shown to be the user's,
// in exchange for a token of [Service.CreateEmailConfirmationToken], and ends the
// user's other such tokens. It needs [ScopeUsersVerify] and returns
// *[InvalidInputError] or *[TokenInvalidError].
func (s *Service) ConfirmEmail(ctx context.Context, token Optional[string]) (User, error) {
	if err := s.require(ctx, ScopeUsersVerify); err != nil {
		return User{}, err
	}
	var c checker
	text := c.token(token)
	if err := c.err(); err != nil {
		return User{}, err
	}
	return s.redeem(ctx, s.emailConfirmation(), *text, func(User) (Update, error) { return Update{}, nil })
}

// CheckTokenRecipient returns what making a token would find wrong with to by
// itself, for a transport that has found mistakes in decoding.
func CheckTokenRecipient(to TokenRecipient) error {
	_, _, err := parseRecipient(to)
	return err
}

// CheckPasswordReset returns what [Service.ResetPassword] would find wrong with in
// by itself.
func (s *Service) CheckPasswordReset(in PasswordReset) error {
	var c checker
	c.passwordReset(in, s.passwords)
	return c.err()
}

// CheckToken returns what [Service.ConfirmEmail] would find wrong with a token by
// itself.
func CheckToken(token Optional[string]) error {
	var c checker
	c.token(token)
	return c.err()
}

func (c *checker) passwordReset(in PasswordReset, passwords PasswordPolicy) (token, password *string) {
	return c.token(in.Token), parseField(c, FieldPassword, true, in.Password, passwords.normalize)
}

// token checks that there is one. Whether it is good nobody knows but the store.
func (c *checker) token(token Optional[string]) *string {
	return parseField(c, FieldToken, true, token, func(text string) (string, *problem) {
		if text == "" {
			return "", &problem{FieldRequired, "A token is needed."}
		}
		return text, nil
	})
}

// parseRecipient returns the id or the address that to names the user by; the
// other one is nil.
func parseRecipient(to TokenRecipient) (id *uuid.UUID, email *Text, err error) {
	var c checker
	id = parseField(&c, FieldUserID, false, to.UserID, parseUserID)
	email = parseField(&c, FieldEmail, false, to.Email, parseEmail)
	switch {
	case to.UserID.IsAbsent() && to.Email.IsAbsent():
		c.add(FieldUserID, &problem{FieldRequired, "Name the user, by id or by e-mail address."})
	case !to.UserID.IsAbsent() && !to.Email.IsAbsent():
		c.add(FieldEmail, &problem{FieldInvalid, "Name the user by id or by e-mail address, not by both."})
	}
	return id, email, c.err()
}

func parseUserID(text string) (uuid.UUID, *problem) {
	id, err := ParseID(text)
	if err != nil {
		return id, errNoID()
	}
	return id, nil
}

// createToken makes a token for the user whom to names.
func (s *Service) createToken(ctx context.Context, p purpose, to TokenRecipient) (OneTimeToken, error) {
	if err := s.require(ctx, ScopeUsersVerify); err != nil {
		return OneTimeToken{}, err
	}
	id, email, err := parseRecipient(to)
	if err != nil {
		return OneTimeToken{}, err
	}
	nobody := &RecipientNotFoundError{FieldUserID}
	if id == nil {
		nobody.Field = FieldEmail
	}
	t, err := s.tokenFor(ctx, p, id, email)
	if CodeOf(err) == CodeUserNotFound {
		err = nobody
	}
	return t, err
}

// tokenFor makes a token for the user with the id or, where that is nil, with the
// address. It returns *UserNotFoundError where that user can have none.
func (s *Service) tokenFor(ctx context.Context, p purpose, id *uuid.UUID, email *Text) (OneTimeToken, error) {
	var u *User
	var err error
	if id != nil {
		u = new(User)
		*u, err = s.store.User(ctx, *id)
	} else {
		u, err = s.userWithEmail(ctx, email.Key)
	}
	switch {
	case err != nil:
		return OneTimeToken{}, err
	case u == nil || !p.isFor(*u):
		return OneTimeToken{}, &UserNotFoundError{}
	}
	return s.addToken(ctx, p, *u)
}
