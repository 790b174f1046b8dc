package service

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Code names a kind of error. Codes are part of the public contract: they are
// the same in REST and GraphQL and never change their meaning.
type Code string

// The error catalogue.
const (
	// CodeInvalidInput: one or more fields are wrong; the error lists them all.
	CodeInvalidInput Code = "INVALID_INPUT"
	// CodeUserNotFound: no user has the id, or the e-mail address, that was asked for.
	CodeUserNotFound Code = "USER_NOT_FOUND"
	// CodeEmailTaken: another user has this e-mail address.
	CodeEmailTaken Code = "EMAIL_TAKEN"
	// CodeIDTaken: an imported user's id is that of a user who is there.
	CodeIDTaken Code = "ID_TAKEN"
	// CodeUnauthenticated: the caller has to say who it is, or has said it in a
	// way that is not, or no longer, good.
	CodeUnauthenticated Code = "UNAUTHENTICATED"
	// CodeForbidden: the caller may not do this.
	CodeForbidden Code = "FORBIDDEN"
	// CodeKeyNotFound: no key that is good has this name.
	CodeKeyNotFound Code = "KEY_NOT_FOUND"
	// CodeKeyTaken: there is a key with this name.
	CodeKeyTaken Code = "KEY_TAKEN"
	// CodeSessionNotFound: the user has no session with this id, or no longer.
	CodeSessionNotFound Code = "SESSION_NOT_FOUND"
	// CodeVersionConflict: the user changed since the caller read it.
	CodeVersionConflict Code = "VERSION_CONFLICT"
	// CodeInvalidCredentials: the e-mail address, the password or both are not
	// those of a user who may log in.
	CodeInvalidCredentials Code = "INVALID_CREDENTIALS" // #nosec G101 -- a code, no credential
	// CodeTokenInvalid: the one-time token is not, or no longer, good.
	CodeTokenInvalid Code = "TOKEN_INVALID"
	// CodeIdempotencyKeyReused: the key was used for another request.
	CodeIdempotencyKeyReused Code = "IDEMPOTENCY_KEY_REUSED"
	// CodeIdempotencyKeyInUse: a request with this key is being served.
	CodeIdempotencyKeyInUse Code = "IDEMPOTENCY_KEY_IN_USE"
	// CodeCursorExpired: the change log does not go back to the cursor; list
	// the users afresh and follow from there.
	CodeCursorExpired Code = "CURSOR_EXPIRED"
	// CodeRateLimited: the caller does too much at once; later it may go on.
	CodeRateLimited Code = "RATE_LIMITED"
	// CodeUnavailable: the service cannot do this now; trying again later may work.
	CodeUnavailable Code = "UNAVAILABLE"
	// CodeOutcomeUnknown: the store did not say whether it made the change.
	CodeOutcomeUnknown Code = "OUTCOME_UNKNOWN"
	// CodeInternal: a defect of the service. The log has the cause, under the request id.
	CodeInternal Code = "INTERNAL"
)

// Codes lists the whole catalogue, for the transports' tables and their tests.
func Codes() []Code {
	return []Code{
		CodeInvalidInput, CodeUserNotFound, CodeEmailTaken, CodeIDTaken, CodeUnauthenticated, CodeForbidden, CodeKeyNotFound, CodeKeyTaken,
		CodeSessionNotFound, CodeVersionConflict, CodeInvalidCredentials, CodeTokenInvalid, CodeIdempotencyKeyReused, CodeIdempotencyKeyInUse, CodeCursorExpired, CodeRateLimited, CodeUnavailable, CodeOutcomeUnknown, CodeInternal,
	}
}

// CodeOf tells the code of err: that of the first error in its chain which has
// one, otherwise [CodeInternal].
func CodeOf(err error) Code {
	var coded interface{ Code() Code }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return CodeInternal
}

// UserNotFoundError says that no user has the id ID.
type UserNotFoundError struct {
	ID uuid.UUID
}

// Error names the id.
func (e *UserNotFoundError) Error() string { return fmt.Sprintf("no user has the id %s", e.ID) }

// Code returns [CodeUserNotFound].
func (*UserNotFoundError) Code() Code { return CodeUserNotFound }

// Is makes errors.Is true for any other UserNotFoundError with the same id,
// or with the zero id, which stands for every id.
func (e *UserNotFoundError) Is(target error) bool {
	t, ok := target.(*UserNotFoundError)
	return ok && (t.ID == uuid.Nil || t.ID == e.ID)
}

// EmailTakenError says that another user has the e-mail address that was
// given, or one that differs from it only in ways that do not count.
type EmailTakenError struct{}

// Error does not repeat the address.
func (*EmailTakenError) Error() string { return "another user has this e-mail address" }

// Code returns [CodeEmailTaken].
func (*EmailTakenError) Code() Code { return CodeEmailTaken }

// Is makes errors.Is true for any other EmailTakenError.
func (*EmailTakenError) Is(target error) bool { _, ok := target.(*EmailTakenError); return ok }

// IDTakenError says that a user who is to be imported has the id of one who is
// there.
type IDTakenError struct{}

// Error says what is wrong.
func (*IDTakenError) Error() string { return "a user with this id is there already" }

// Code returns [CodeIDTaken].
func (*IDTakenError) Code() Code { return CodeIDTaken }

// Is makes errors.Is true for any other IDTakenError.
func (*IDTakenError) Is(target error) bool { _, ok := target.(*IDTakenError); return ok }

// VersionConflictError says that a user is not at a version that the caller
// expected, because somebody else changed it meanwhile.
type VersionConflictError struct {
	ID uuid.UUID
	// Current is the version the user is at now.
	Current int32
}

// Error names the current version.
func (e *VersionConflictError) Error() string {
	return fmt.Sprintf("the user has changed and is at version %d now; read it again", e.Current)
}

// Code returns [CodeVersionConflict].
func (*VersionConflictError) Code() Code { return CodeVersionConflict }

// IdempotencyKeyReusedError says that the caller has used the idempotency key
// for another request: a key is for one request and its repetitions.
type IdempotencyKeyReusedError struct{}

// Error says what to do.
func (*IdempotencyKeyReusedError) Error() string {
	return "this idempotency key was used for another request; use a new one"
}

// Code returns [CodeIdempotencyKeyReused].
func (*IdempotencyKeyReusedError) Code() Code { return CodeIdempotencyKeyReused }

// Is makes errors.Is true for any other IdempotencyKeyReusedError.
func (*IdempotencyKeyReusedError) Is(target error) bool {
	_, ok := target.(*IdempotencyKeyReusedError)
	return ok
}

// IdempotencyKeyInUseError says that a request with the same idempotency key is
// being served, or broke off less than a minute ago. Trying again tells what
// became of it.
type IdempotencyKeyInUseError struct{}

// Error says what to do.
func (*IdempotencyKeyInUseError) Error() string {
	return "a request with this idempotency key is being served; try again in a moment"
}

// Code returns [CodeIdempotencyKeyInUse].
func (*IdempotencyKeyInUseError) Code() Code { return CodeIdempotencyKeyInUse }

// Is makes errors.Is true for any other IdempotencyKeyInUseError.
func (*IdempotencyKeyInUseError) Is(target error) bool {
	_, ok := target.(*IdempotencyKeyInUseError)
	return ok
}

// CursorExpiredError says that the change log does not hold what follows the
// cursor: it is older than what is kept, or of another log.
type CursorExpiredError struct{}

// Error says what to do.
func (*CursorExpiredError) Error() string {
	return "the change log no longer holds what follows this cursor; list the users afresh and follow from now on"
}

// Code returns [CodeCursorExpired].
func (*CursorExpiredError) Code() Code { return CodeCursorExpired }

// Is makes errors.Is true for any other CursorExpiredError.
func (*CursorExpiredError) Is(target error) bool { _, ok := target.(*CursorExpiredError); return ok }

// RateLimitedError says that the caller has done, or has open, as much as it
// may. Nothing has been changed.
type RateLimitedError struct {
	// Reason is a sentence for the caller.
	Reason string
	// RetryAfter is when trying again makes sense; zero means one second.
	RetryAfter time.Duration
}

// Error gives the reason.
func (e *RateLimitedError) Error() string { return e.Reason }

// Code returns [CodeRateLimited].
func (*RateLimitedError) Code() Code { return CodeRateLimited }

// UnavailableError says that something the service needs is busy or away.
// Nothing has been changed.
type UnavailableError struct {
	// Reason is a sentence for the caller, without internals.
	Reason string
	// RetryAfter is when trying again makes sense; zero means one second.
	RetryAfter time.Duration
	// Err is the cause, for the log only.
	Err error
}

// Error gives the reason and, for the log, the cause.
func (e *UnavailableError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return strings.TrimSuffix(e.Reason, ".") + ": " + e.Err.Error()
}

// Code returns [CodeUnavailable].
func (*UnavailableError) Code() Code { return CodeUnavailable }

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Retry tells of *[RateLimitedError] and *[UnavailableError] why, in a sentence
// for the caller that may be empty, and after how long, at least a second, trying
// again makes sense.
func Retry(err error) (reason string, after time.Duration) {
	if e, ok := errors.AsType[*RateLimitedError](err); ok {
		reason, after = e.Reason, e.RetryAfter
	} else if e, ok := errors.AsType[*UnavailableError](err); ok {
		reason, after = e.Reason, e.RetryAfter
	}
	return reason, max(after, time.Second)
}

// OutcomeUnknownError says that a change was sent to the store and that no
// answer came back: it may have been made or not, and reading tells which.
type OutcomeUnknownError struct {
	// Err is the cause, for the log only.
	Err error
}

// Error says what to do and, for the log, gives the cause.
func (e *OutcomeUnknownError) Error() string {
	const text = "whether the change was made is not known; read before trying again"
	if e.Err == nil {
		return text
	}
	return text + ": " + e.Err.Error()
}

// Code returns [CodeOutcomeUnknown].
func (*OutcomeUnknownError) Code() Code { return CodeOutcomeUnknown }

// Unwrap returns the cause.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }
