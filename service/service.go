package service

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Config has what a Service can be told; its zero value works.
type Config struct {
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// NewID makes a user's id; nil means UUIDv7.
	NewID func() (uuid.UUID, error)
	// NewKey makes a key's text; nil means [NewKeyText].
	NewKey func() string
	// Random makes 256 bits for a one-time token; nil means that nobody can guess
	// them.
	Random func() [32]byte
	// Tokens says how long one-time tokens are good.
	Tokens TokenLifetimes
	// Passwords says which passwords are good enough.
	Passwords PasswordPolicy
	// Argon2 is what hashing a password costs.
	Argon2 Argon2Params
	// Authenticators recognise callers who show none of the store's keys. They
	// are asked in this order. With any of them the service is closed: it serves
	// only whom it knows. So it is once its store has a key.
	Authenticators []Authenticator
	// Hashing bounds how many passwords are hashed at once.
	Hashing HashingLimits
}

// Service is the user management service. Its methods may be called at once
// from many goroutines. Beside the errors that they name they return
// *[UnauthenticatedError] and *[ForbiddenError], and *[UserNotFoundError] for a
// user whom the context's actor may not see; [WithActor] says whose a context is.
type Service struct {
	store          Store
	now            func() time.Time
	newID          func() (uuid.UUID, error)
	newKey         func() string
	random         func() [32]byte
	tokens         TokenLifetimes
	passwords      PasswordPolicy
	argon2         Argon2Params
	gate           *gate
	keys           *keyring
	authenticators []Authenticator // the keyring's is the first
	feeds          feeds
}

// New returns a service that keeps its users in store. The store stays the
// caller's to close, after the last call to the service.
func New(store Store, c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewID == nil {
		c.NewID = uuid.NewV7
	}
	if c.NewKey == nil {
		c.NewKey = NewKeyText
	}
	if c.Random == nil {
		c.Random = randomBits
	}
	keys := newKeyring(store, c.Now)
	return &Service{
		store:          store,
		now:            c.Now,
		newID:          c.NewID,
		newKey:         c.NewKey,
		random:         c.Random,
		tokens:         c.Tokens.withDefaults(),
		passwords:      c.Passwords.withDefaults(),
		argon2:         c.Argon2.withDefaults(),
		gate:           newGate(c.Hashing.withDefaults()),
		keys:           keys,
		authenticators: append([]Authenticator{keys.authenticate}, c.Authenticators...),
	}
}

// Ping returns nil when the service can answer and take changes. Everybody may
// ask.
func (s *Service) Ping(ctx context.Context) error { return s.store.Ping(ctx) }

// Hashing tells how busy the service is with hashing passwords.
func (s *Service) Hashing() HashingLoad { return s.gate.load() }

// timestamp is the time now, as precise as every store keeps it.
func (s *Service) timestamp() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
