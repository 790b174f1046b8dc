package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// MaxClient is how many characters name a client at most.
const MaxClient = 200

// Credentials are what somebody shows in order to log in.
type Credentials struct {
	// Email and Password must be given.
	Email    Optional[string]
	Password Optional[string]
	// Client is who shows them, in 1 to [MaxClient] characters that mean something
	// to the caller alone, such as the network address of whoever sits in front of
	// the caller. IPv6 addresses of one /64 are one client. Where it is absent, that
	// is the client of an anonymous caller's context, and nobody in particular when
	// the caller has said who it is itself.
	Client Optional[string]
}

// credentials are checked Credentials.
type credentials struct {
	email    Text // without a key where it is no address
	password string
	client   string // "" is nobody in particular
}

// VerifyPassword returns the active user who has this e-mail address, in any
// spelling that counts as the same, and this password. It returns
// *[InvalidCredentialsError] where there is none, *[RateLimitedError] while
// there were too many of these, as attempts.go has it, *[InvalidInputError] when
// something is missing, *[UnavailableError], and *[OutcomeUnknownError]: then the
// attempt may have been counted.
//
// Who has no user, or an inactive one, or one without a password, is answered
// like who has a wrong password, after as much work: one hash. (A hash from
// elsewhere takes its own time until it has been replaced.)
//
// A password that is right replaces a hash that is weaker than new ones are,
// or of another scheme. That is a change of the user, by the actor "userd".
func (s *Service) VerifyPassword(ctx context.Context, in Credentials) (User, error) {
	if err := s.require(ctx, ScopeUsersVerify); err != nil {
		return User{}, err
	}
	c, err := parseCredentials(ctx, in)
	if err != nil {
		return User{}, err
	}
	return s.verifyCounted(ctx, c)
}

// CheckCredentials returns what [Service.VerifyPassword] would find wrong with in
// before it looks at any user.
func CheckCredentials(in Credentials) error {
	_, err := parseCredentials(context.Background(), in)
	return err
}

func parseCredentials(ctx context.Context, in Credentials) (credentials, error) {
	var c checker
	return c.credentials(ctx, in), c.err()
}

// credentials reads in, which is of no use if c has found mistakes.
func (c *checker) credentials(ctx context.Context, in Credentials) (read credentials) {
	if email := parseField(c, FieldEmail, true, in.Email, parseLogin); email != nil {
		read.email = *email
	}
	if password := parseField(c, FieldPassword, true, in.Password, notEmpty); password != nil {
		read.password = *password
	}
	read.client = clientOf(ctx, parseField(c, FieldClient, false, in.Client, parseClient))
	return read
}

// parseLogin reads an e-mail address that need not be one: then it is nobody's.
func parseLogin(s string) (Text, *problem) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Text{}, &problem{FieldRequired, "An e-mail address is needed."}
	}
	text, p := parseEmail(s)
	if p != nil {
		return Text{Value: s}, nil
	}
	return text, nil
}

func notEmpty(password string) (string, *problem) {
	if password == "" {
		return "", &problem{FieldRequired, "A password is needed."}
	}
	return password, nil
}

func parseClient(s string) (string, *problem) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", &problem{FieldRequired, "Leave this field out where the client is not known."}
	case utf8.RuneCountInString(s) > MaxClient:
		return "", &problem{FieldTooLong, fmt.Sprintf("A client is named by at most %d characters.", MaxClient)}
	}
	return s, nil
}

// verifyCounted lets one attempt be made, if it is its time, and counts what came of it.
func (s *Service) verifyCounted(ctx context.Context, c credentials) (User, error) {
	u, err := s.tryPassword(ctx, c)
	s.attempts.add(err)
	return u, err
}

func (s *Service) tryPassword(ctx context.Context, in credentials) (User, error) {
	a := newAttempt(in)
	if err := s.mayAttempt(ctx, a); err != nil {
		return User{}, err
	}
	u, hash, err := s.userToVerify(ctx, in.email)
	if err != nil {
		return User{}, err
	}
	ok, better, err := s.attempt(ctx, a, u, hash, in.password)
	switch {
	case err != nil:
		return User{}, err
	case !ok:
		s.logFailure(ctx, u)
		return User{}, &InvalidCredentialsError{}
	}
	if better != nil {
		u = s.rehash(ctx, u, *better)
	}
	return u, nil
}

// attempt counts an attempt, compares the password, and takes the attempt back
// when it is right, in a slot of the gate: so what is counted is what is hashed, and
// few who log in at once change the counts of one client at any time.
// It tells whether the password is right, and by which hash to replace hash, if
// it is to be replaced.
func (s *Service) attempt(ctx context.Context, a *attempt, u User, hash passwordHash, password string) (ok bool, better *string, err error) {
	entered := s.gate.run(ctx, func() {
		if err = s.count(ctx, a, u.ID); err != nil {
			return
		}
		if ok = matchesEitherForm(hash, password); !ok {
			return
		}
		s.forgive(ctx, a, u.ID)
		if s.isWeak(hash) {
			better = new(s.argon2.hash(norm.NFC.String(password)))
		}
	})
	if entered != nil {
		return false, nil, entered
	}
	return ok, better, err
}

// logFailure notes that somebody showed a wrong password, with the user whose it
// is not, if there is one. Addresses that are nobody's are kept out of the log:
// people type passwords there.
func (s *Service) logFailure(ctx context.Context, u User) {
	var who []slog.Attr
	if u.ID != uuid.Nil {
		who = append(who, slog.String("user_id", u.ID.String()))
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "password refused", who...)
}

// userToVerify finds the user with this e-mail address and what to compare a
// password with. Where there is no such user it is nobody. Who may not log in has
// a hash that no password matches.
func (s *Service) userToVerify(ctx context.Context, email Text) (User, passwordHash, error) {
	nobody := s.argon2.dummy()
	if email.Key == "" {
		return User{}, nobody, nil
	}
	u, err := s.userWithEmail(ctx, email.Key)
	if err != nil {
		return User{}, nobody, err
	}
	if u == nil {
		u = new(User)
	}
	stored, err := s.store.PasswordHash(ctx, u.ID) // also where there is no user, to take as long
	if errors.Is(err, &UserNotFoundError{}) {
		return User{}, nobody, nil
	}
	hash, p := parsePasswordHash(stored)
	if p != nil || !u.IsActive {
		hash = nobody // there is none, or one that no import lets in
	}
	return *u, hash, err
}

// matchesEitherForm compares the password in NFC, which is what this service
// hashes, and as it was sent, which is what others did. An imported hash can
// look like one made here, so both count for every hash.
func matchesEitherForm(hash passwordHash, password string) bool {
	composed := norm.NFC.String(password)
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
