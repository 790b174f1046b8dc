package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Bounds of one-time tokens.
const (
	// MaxTokens is how many tokens a user has at most for one purpose: another one
	// takes the place of the oldest.
	MaxTokens = 5
	// MinTokenLifetime is the shortest that a token can be good: mail takes a while.
	MinTokenLifetime = time.Minute
	// MaxPasswordResetLifetime is the longest for a token that resets a password.
	MaxPasswordResetLifetime = 24 * time.Hour
	// MaxEmailConfirmationLifetime is the longest for one that confirms an address.
	MaxEmailConfirmationLifetime = 30 * 24 * time.Hour
)

// TokenLifetimes say how long one-time tokens are good; zero fields mean the
// default.
type TokenLifetimes struct {
	// PasswordReset is for tokens that reset a password: an hour by default, as
	// they open an account.
	PasswordReset time.Duration
	// EmailConfirmation is for tokens that confirm an e-mail address: a day by
	// default.
	EmailConfirmation time.Duration
}

func (l TokenLifetimes) withDefaults() TokenLifetimes {
	l.PasswordReset = cmp.Or(l.PasswordReset, time.Hour)
	l.EmailConfirmation = cmp.Or(l.EmailConfirmation, 24*time.Hour)
	return l
}

// OneTimeToken is a token that can be redeemed once, before it expires. Whoever
// has it is taken for the user, so that it is to be sent to the user's e-mail
// address, as User has it, and nowhere else.
type OneTimeToken struct {
	// Token is the token: letters, digits and underscores. It is told this once;
	// what is kept is its SHA-256.
	Token string
	// ExpiresAt is from when on it is worth nothing: UTC, in whole microseconds.
	ExpiresAt time.Time
	// User is whom it is for.
	User User
}

// The kinds of items that tokens are. An item's key is the SHA-256 of the token,
// and its value the e-mail key that the user had when it was made.
const (
	kindPasswordReset     ItemKind = "password-reset"
	kindEmailConfirmation ItemKind = "email-confirmation"
)

// purpose is what a token is for.
type purpose struct {
	kind     ItemKind
	prefix   string // that tokens begin with
	lifetime time.Duration
	// inactive is whether users who are to be kept out have such tokens, too.
	inactive bool
}

func (s *Service) passwordReset() purpose {
	return purpose{kind: kindPasswordReset, prefix: "userd_reset_", lifetime: s.tokens.PasswordReset}
}

// emailConfirmation is also for users who are to be kept out until they have
// confirmed their address.
func (s *Service) emailConfirmation() purpose {
	return purpose{kind: kindEmailConfirmation, prefix: "userd_confirm_", lifetime: s.tokens.EmailConfirmation, inactive: true}
}

// isFor tells whether a user can have tokens for the purpose.
func (p purpose) isFor(u User) bool { return u.IsActive || p.inactive }

// item is what is kept of the user's token.
func (p purpose) item(token string, u User, expires time.Time) Item {
	return Item{Kind: p.kind, Key: sha256.Sum256([]byte(token)), User: u.ID, Value: emailKeyOf(u), ExpiresAt: expires}
}

// emailKeyOf is the key of u's e-mail address.
func emailKeyOf(u User) []byte {
	text, _ := parseEmail(u.Email) // which was checked when it was stored
	return []byte(text.Key)
}

// newest is the item that tells which token of the user's was made last. Whoever
// makes another one replaces it, so that of several at once each sees what the
// ones before it did, and there are never too many.
func (p purpose) newest(i Item) Item {
	key := sha256.Sum256(i.User[:])
	return Item{Kind: p.kind + ".newest", Key: key, User: i.User, Value: i.Key[:], ExpiresAt: i.ExpiresAt}
}

// addToken makes a token for the user and ends the oldest where there are too many.
func (s *Service) addToken(ctx context.Context, p purpose, u User) (t OneTimeToken, err error) {
	err = s.untilUndisturbed(func() error {
		random, now := s.random(), s.timestamp()
		t = OneTimeToken{Token: secretText(p.prefix, random[:]), ExpiresAt: now.Add(p.lifetime), User: u}
		added := p.item(t.Token, u, t.ExpiresAt)
		turn, err := s.takeTurn(ctx, p.newest(added), now)
		if err != nil {
			return err
		}
		ends, err := s.endOldestTokens(ctx, p, u.ID, now)
		if err != nil {
			return err
		}
		return s.store.ChangeItems(ctx, now, append(ends, turn, ItemChange{Kind: p.kind, Key: added.Key, New: &added}))
	})
	if err != nil {
		return OneTimeToken{}, err
	}
	return t, nil
}

// takeTurn is the change that puts i in the place of the item there is now.
func (s *Service) takeTurn(ctx context.Context, i Item, now time.Time) (ItemChange, error) {
	was, err := s.store.Item(ctx, i.Kind, i.Key, now)
	if _, none := errors.AsType[*ItemNotFoundError](err); none {
		err = nil
	}
	return ItemChange{Kind: i.Kind, Key: i.Key, Was: was.Value, New: &i}, err
}

// endOldestTokens are the changes that make room for another token.
func (s *Service) endOldestTokens(ctx context.Context, p purpose, user uuid.UUID, now time.Time) (ends []ItemChange, err error) {
	items, err := s.store.Items(ctx, ItemQuery{Kind: p.kind, User: user, Limit: MaxTokens, At: now})
	slices.SortStableFunc(items, func(a, b Item) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	for _, i := range items[:max(0, len(items)-MaxTokens+1)] {
		ends = append(ends, ItemChange{Kind: i.Kind, Key: i.Key, Was: i.Value})
	}
	return ends, err
}

// tokenAndUser returns the token's item and the user whose it is. It returns
// *TokenInvalidError where the token is not good, and also where the user has
// another e-mail address by now, for the token was sent to the former one.
func (s *Service) tokenAndUser(ctx context.Context, p purpose, token string) (Item, User, error) {
	i, err := s.store.Item(ctx, p.kind, sha256.Sum256([]byte(token)), s.timestamp())
	if _, none := errors.AsType[*ItemNotFoundError](err); none {
		err = &TokenInvalidError{}
	}
	if err != nil {
		return Item{}, User{}, err
	}
	u, err := s.store.User(ctx, i.User)
	if err == nil && (!p.isFor(u) || !slices.Equal(emailKeyOf(u), i.Value)) {
		err = &TokenInvalidError{}
	}
	return i, u, err
}

// redeem makes the change of the user that a token is for, and with it ends the
// token and all others of the user's for the same purpose. When change returns
// an error the token stays good.
func (s *Service) redeem(ctx context.Context, p purpose, token string, change func(User) (Update, error)) (u User, err error) {
	err = s.untilUndisturbed(func() error {
		i, holder, err := s.tokenAndUser(ctx, p, token)
		if err != nil {
			return err
		}
		update, err := change(holder)
		if err != nil {
			return err
		}
		now := s.timestamp()
		update.Expect, update.At = Versions{holder.Version}, now
		update.EmailVerifiedAt = &now // the token came to this address
		update.Items = []ItemChange{{Kind: i.Kind, Key: i.Key, Was: i.Value}}
		update.EndItems = append(update.EndItems, p.kind)
		u, err = s.store.UpdateUser(ctx, holder.ID, update)
		return err
	})
	if CodeOf(err) == CodeUserNotFound {
		err = &TokenInvalidError{} // it has gone with its user
	}
	if err != nil {
		return User{}, err
	}
	return u, nil
}

// maxDisturbances bounds how often something is tried again.
const maxDisturbances = 32

// untilUndisturbed makes an attempt again where somebody else has changed what it
// had read, which means that the other has got further.
func (s *Service) untilUndisturbed(attempt func() error) error {
	for range maxDisturbances {
		err := attempt()
		if !isItemConflict(err) && CodeOf(err) != CodeVersionConflict {
			return err
		}
	}
	return &UnavailableError{Reason: fmt.Sprintf("Others have changed the same user %d times meanwhile; try again in a moment.", maxDisturbances)}
}
