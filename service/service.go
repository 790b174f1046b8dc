package service

import (
	"cmp"
	"context"
	"log/slog"
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
	// Random makes 256 bits for the secrets of sessions and one-time tokens; nil
	// means that nobody can guess them.
	Random func() [32]byte
	// Tokens says how long one-time tokens are good.
	Tokens TokenLifetimes
	// Log gets each attempt of a password that fails, without whose address it was;
	// nil discards them.
	Log *slog.Logger
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
	// Rates bound how often one actor calls; by default they do not.
	Rates RateLimits
	// MaxFeeds is how many feeds of changes one actor may have open at once; zero
	// means 1000.
	MaxFeeds int
	// MaxPageSize is how many entries a page has at most; zero means
	// [MaxPageSize], which is also the most.
	MaxPageSize int
	// Sessions says what sessions are like.
	Sessions SessionConfig
}

// Service is the user management service. Its methods may be called at once
// from many goroutines. Beside the errors that they name they return
// *[UnauthenticatedError], *[ForbiddenError] and *[RateLimitedError], and
// *[UserNotFoundError] for a user whom the context's actor may not see; [WithActor] says whose a context is.
type Service struct {
	store          Store
	now            func() time.Time
	newID          func() (uuid.UUID, error)
	newKey         func() string
	log            *slog.Logger
	random         func() [32]byte
	tokens         TokenLifetimes
	passwords      PasswordPolicy
	argon2         Argon2Params
	gate           *gate
	keyring        *keyring
	authenticators []Authenticator // the keyring's is the first
	feeds          *feeds
	maxPageSize    int
	rates          [2]*limiter // by budget
	attempts       attemptCounts
	sessions       SessionConfig
	signing        *signingKeys
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
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.NewKey == nil {
		c.NewKey = NewKeyText
	}
	if c.Random == nil {
		c.Random = randomBits
	}
	keyring, argon2 := newKeyring(store, c.Now), c.Argon2.withDefaults()
	return &Service{
		store:          store,
		now:            c.Now,
		newID:          c.NewID,
		newKey:         c.NewKey,
		log:            c.Log,
		random:         c.Random,
		tokens:         c.Tokens.withDefaults(),
		passwords:      c.Passwords.withDefaults(),
		argon2:         argon2,
		gate:           newGate(c.Hashing, int64(argon2.Memory)<<10),
		keyring:        keyring,
		feeds:          newFeeds(store, cmp.Or(c.MaxFeeds, defaultMaxFeeds)),
		maxPageSize:    cmp.Or(c.MaxPageSize, MaxPageSize),
		rates:          [2]*limiter{reads: newLimiter(c.Rates.Reads), writes: newLimiter(c.Rates.Writes)},
		authenticators: append([]Authenticator{keyring.authenticate}, c.Authenticators...),
		sessions:       c.Sessions.withDefaults(),
		signing:        newSigningKeys(store, c.Now, c.Random),
	}
}

// Ping returns nil when the service can answer and take changes. Everybody may
// ask.
func (s *Service) Ping(ctx context.Context) error { return s.store.Ping(ctx) }

// Hashing tells how busy the service is with hashing passwords.
func (s *Service) Hashing() HashingLoad { return s.gate.load() }

// timestamp is the time now, as precise as every store keeps it.
func (s *Service) timestamp() time.Time { return s.now().UTC().Truncate(time.Microsecond) }
