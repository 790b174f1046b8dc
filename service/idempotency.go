package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A client that does not know what became of its request sends it again with
// the same key and gets the answer of the first time, after
// draft-ietf-httpapi-idempotency-key-header. A key is claimed before the user is
// created, and the claim gives way to the answer in the same step in which the
// user comes to be: there is never one without the other.

const (
	// IdempotencyKeyLifetime is how long an answer is kept for whoever asks again.
	IdempotencyKeyLifetime = 24 * time.Hour
	// claimLifetime is how long a key stays claimed by a copy of the service
	// that has ended in the middle. It is longer than any request takes.
	claimLifetime = time.Minute
	// maxIdempotencyKey bounds a key, in characters.
	maxIdempotencyKey = 255

	itemCreation = ItemKind("user-creation")
)

// creation is what is kept under an idempotency key: a claim, or the answer.
type creation struct {
	// Claim tells one claim from another; empty in an answer.
	Claim string `json:"claim,omitempty"`
	// User is the user as it was created.
	User User `json:"user,omitzero"`
	// PasswordHash is that of then. A password that is sent again is compared with
	// it, so that nothing is kept from which passwords are easier to guess.
	PasswordHash string `json:"password_hash,omitempty"`
}

func (c creation) encode() []byte {
	value, _ := json.Marshal(c) // so cannot fail
	return value
}

// CreateUserOnce is CreateUser for callers who may ask twice for the same: with
// a key that the caller has used in the last [IdempotencyKeyLifetime] it creates
// nobody and returns the user as it was created then, and that this is a replay. The key is 1 to
// 255 printable characters of ASCII; each actor has keys of its own. A request
// that was refused leaves its key unused.
//
// Beside the errors of CreateUser it returns *[IdempotencyKeyReusedError] and
// *[IdempotencyKeyInUseError]. After *[OutcomeUnknownError] the same key tells,
// within a minute, what became of the user.
func (s *Service) CreateUserOnce(ctx context.Context, key string, in UserInput) (u User, replayed bool, err error) {
	if err := s.require(ctx, ScopeUsersWrite); err != nil {
		return User{}, false, err
	}
	if p := checkIdempotencyKey(key); p != nil {
		return User{}, false, invalid(FieldIdempotencyKey, p)
	}
	ch, err := s.parseUser(in, FieldEmail, FieldFirstName, FieldLastName, FieldPassword)
	if err != nil {
		return User{}, false, err
	}
	at := ItemChange{Kind: itemCreation, Key: creationKey(ctx, key)}
	switch earlier, err := s.claim(ctx, &at); {
	case err != nil:
		return User{}, false, err
	case earlier != nil:
		u, err := s.replay(ctx, ch, earlier)
		return u, err == nil, err
	}
	u, err = s.create(ctx, ch, at.answeredWith)
	if isItemConflict(err) {
		return User{}, false, &IdempotencyKeyInUseError{} // it took so long that somebody else has claimed the key
	}
	if err != nil && CodeOf(err) != CodeOutcomeUnknown {
		s.unclaim(ctx, at)
	}
	return u, false, err
}

func checkIdempotencyKey(key string) *problem {
	switch {
	case key == "":
		return &problem{FieldRequired, "An idempotency key has at least one character."}
	case len(key) > maxIdempotencyKey:
		return &problem{FieldTooLong, fmt.Sprintf("An idempotency key has at most %d characters.", maxIdempotencyKey)}
	case strings.ContainsFunc(key, notPrintableASCII):
		return &problem{FieldForbiddenCharacter, "An idempotency key has printable ASCII characters only."}
	}
	return nil
}

func notPrintableASCII(r rune) bool { return r < ' ' || r > '~' }

// creationKey is where the key of ctx's actor is kept.
func creationKey(ctx context.Context, key string) ItemKey {
	return sha256.Sum256([]byte(ActorOf(ctx).String() + "\x00" + key))
}

// claim reserves the place at names for ctx's request and notes how in at.Was, or
// returns what was created there earlier.
func (s *Service) claim(ctx context.Context, at *ItemChange) (earlier *creation, err error) {
	now := s.timestamp()
	claim := creation{Claim: rand.Text()}.encode()
	err = s.store.ChangeItems(ctx, now, []ItemChange{{Kind: at.Kind, Key: at.Key,
		New: &Item{Kind: at.Kind, Key: at.Key, Value: claim, ExpiresAt: now.Add(claimLifetime)}}})
	if !isItemConflict(err) {
		at.Was = claim
		return nil, err
	}
	item, err := s.store.Item(ctx, at.Kind, at.Key, now)
	if errors.As(err, new(*ItemNotFoundError)) {
		return nil, &IdempotencyKeyInUseError{} // and given up meanwhile
	}
	if err != nil {
		return nil, err
	}
	earlier = new(creation)
	if err := json.Unmarshal(item.Value, earlier); err != nil {
		return nil, fmt.Errorf("read what an idempotency key stands for: %w", err)
	}
	if earlier.Claim != "" {
		return nil, &IdempotencyKeyInUseError{}
	}
	return earlier, nil
}

// answeredWith is the change that puts the answer in the place of c's claim.
func (c ItemChange) answeredWith(r Record) []ItemChange {
	answer := creation{User: r.User, PasswordHash: r.PasswordHash}.encode()
	c.New = &Item{Kind: c.Kind, Key: c.Key, User: r.User.ID, Value: answer, ExpiresAt: r.User.CreatedAt.Add(IdempotencyKeyLifetime)}
	return []ItemChange{c}
}

// unclaim frees the place that a request had claimed which came to nothing. When
// that fails the claim ends by itself.
func (s *Service) unclaim(ctx context.Context, at ItemChange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = s.store.ChangeItems(ctx, s.timestamp(), []ItemChange{at})
}

// replay returns the user that was created earlier, if that is whom ch asks for.
func (s *Service) replay(ctx context.Context, ch userChange, earlier *creation) (User, error) {
	asked := earlier.User
	asked.IsActive = true
	ch.applyTo(&asked)
	same := asked == earlier.User
	if hash, p := parsePasswordHash(earlier.PasswordHash); same && p == nil {
		if err := s.gate.run(ctx, func() { same = hash.matches(*ch.password) }); err != nil {
			return User{}, err
		}
	}
	if !same {
		return User{}, &IdempotencyKeyReusedError{}
	}
	return earlier.User, nil
}
