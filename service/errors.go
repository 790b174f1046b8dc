package service

import (
	"errors"
	"fmt"
	"slices"
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

// FieldError says what is wrong with one input field. Message is a sentence
// for people that never repeats the value that was sent.
type FieldError struct {
	// Field is the field's snake_case name, such as "first_name".
	Field Field
	// Code tells the kind of mistake.
	Code FieldCode
	// Message is one sentence in English that helps to mend it.
	Message string
}

// FieldCode names a kind of mistake in one field.
type FieldCode string

// The kinds of mistakes a field can have.
const (
	// FieldRequired: the field is missing, null or blank.
	FieldRequired FieldCode = "REQUIRED"
	// FieldTooShort: fewer characters than allowed.
	FieldTooShort FieldCode = "TOO_SHORT"
	// FieldTooLong: more characters, bytes or items than allowed.
	FieldTooLong FieldCode = "TOO_LONG"
	// FieldInvalid: the value is not of the form the field takes.
	FieldInvalid FieldCode = "INVALID"
	// FieldOutOfRange: a number outside what is allowed.
	FieldOutOfRange FieldCode = "OUT_OF_RANGE"
	// FieldForbiddenCharacter: a control character or one that cannot be stored.
	FieldForbiddenCharacter FieldCode = "FORBIDDEN_CHARACTER"
	// FieldUnknown: there is no such field.
	FieldUnknown FieldCode = "UNKNOWN_FIELD"
	// FieldPasswordTooCommon: the password is on the list of the commonest ones,
	// or a mere repetition or sequence.
	FieldPasswordTooCommon FieldCode = "PASSWORD_TOO_COMMON"
	// FieldPasswordIsPersonal: the password is the user's e-mail address or name.
	FieldPasswordIsPersonal FieldCode = "PASSWORD_IS_PERSONAL"
)

// FieldCodes lists all field codes, for the transports' tables and their tests.
func FieldCodes() []FieldCode {
	return []FieldCode{
		FieldRequired, FieldTooShort, FieldTooLong, FieldInvalid, FieldOutOfRange,
		FieldForbiddenCharacter, FieldUnknown, FieldPasswordTooCommon, FieldPasswordIsPersonal,
	}
}

// InvalidInputError lists every wrong field of an input at once.
type InvalidInputError struct {
	// Fields has at least one entry, and at most one for each field.
	Fields []FieldError
}

// Error names the fields and what is wrong with them; it never holds a value
// that was sent.
func (e *InvalidInputError) Error() string {
	var b strings.Builder
	b.WriteString("invalid input")
	for i, f := range e.Fields {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s: %s", sep, f.Field, f.Message)
	}
	return b.String()
}

// Code returns [CodeInvalidInput].
func (*InvalidInputError) Code() Code { return CodeInvalidInput }

// Has tells whether field is among the wrong ones.
func (e *InvalidInputError) Has(field Field) bool {
	return slices.ContainsFunc(e.Fields, func(f FieldError) bool { return f.Field == field })
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

// RecipientNotFoundError says that there is no user to whom a one-time token
// could be given.
type RecipientNotFoundError struct {
	// Field is the one that was to name the user.
	Field Field
}

// Error is a sentence for the caller.
func (e *RecipientNotFoundError) Error() string {
	if e.Field == FieldEmail {
		return "No user who can be given such a token has this e-mail address."
	}
	return "No user who can be given such a token has this id."
}

// Code returns [CodeUserNotFound].
func (*RecipientNotFoundError) Code() Code { return CodeUserNotFound }

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

// KeyNotFoundError says that no key of a name is there, or that it is revoked.
type KeyNotFoundError struct{}

// Error says what is wrong.
func (*KeyNotFoundError) Error() string { return "there is no key of this name that is not revoked" }

// Code returns [CodeKeyNotFound].
func (*KeyNotFoundError) Code() Code { return CodeKeyNotFound }

// Is makes errors.Is true for any other KeyNotFoundError.
func (*KeyNotFoundError) Is(target error) bool { _, ok := target.(*KeyNotFoundError); return ok }

// KeyTakenError says that a key has the name that was given to a new one, and is
// not revoked.
type KeyTakenError struct{}

// Error says what is wrong.
func (*KeyTakenError) Error() string { return "there is a key of this name; revoke it first" }

// Code returns [CodeKeyTaken].
func (*KeyTakenError) Code() Code { return CodeKeyTaken }

// Is makes errors.Is true for any other KeyTakenError.
func (*KeyTakenError) Is(target error) bool { _, ok := target.(*KeyTakenError); return ok }

// SessionNotFoundError says that the user has no session with an id, or no longer.
type SessionNotFoundError struct{}

// Error says what is wrong.
func (*SessionNotFoundError) Error() string { return "the user has no session with this id" }

// Code returns [CodeSessionNotFound].
func (*SessionNotFoundError) Code() Code { return CodeSessionNotFound }

// Is makes errors.Is true for any other SessionNotFoundError.
func (*SessionNotFoundError) Is(target error) bool {
	_, ok := target.(*SessionNotFoundError)
	return ok
}

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

// InvalidCredentialsError says that no active user has this e-mail address and
// this password. Which of them is wrong it does not say: that would tell
// strangers who is a user.
type InvalidCredentialsError struct{}

// Error says no more than the type.
func (*InvalidCredentialsError) Error() string {
	return "the e-mail address or the password is wrong"
}

// Code returns [CodeInvalidCredentials].
func (*InvalidCredentialsError) Code() Code { return CodeInvalidCredentials }

// Is makes errors.Is true for any other InvalidCredentialsError.
func (*InvalidCredentialsError) Is(target error) bool {
	_, ok := target.(*InvalidCredentialsError)
	return ok
}

// TokenInvalidError says that a one-time token is not, or no longer, good. Why it
// does not say: whoever has made a token up is not to learn from it.
type TokenInvalidError struct{}

// Error says no more than the type.
func (*TokenInvalidError) Error() string { return "the token is not, or no longer, good" }

// Code returns [CodeTokenInvalid].
func (*TokenInvalidError) Code() Code { return CodeTokenInvalid }

// Is makes errors.Is true for any other TokenInvalidError.
func (*TokenInvalidError) Is(target error) bool { _, ok := target.(*TokenInvalidError); return ok }

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

// UnauthenticatedError says that the service serves nobody who does not show a
// key or token, and that the caller has shown none that is good.
type UnauthenticatedError struct {
	// Invalid is whether something was shown.
	Invalid bool
}

// Error says which of both it is.
func (e *UnauthenticatedError) Error() string {
	if e.Invalid {
		return "the key or token is not valid, or no longer"
	}
	return "a key or token is needed"
}

// Code returns [CodeUnauthenticated].
func (*UnauthenticatedError) Code() Code { return CodeUnauthenticated }

// Is makes errors.Is true for any other UnauthenticatedError.
func (*UnauthenticatedError) Is(target error) bool {
	_, ok := target.(*UnauthenticatedError)
	return ok
}

// ForbiddenError says that the caller may not do what it asked for.
type ForbiddenError struct {
	// Scope is the one that would allow it.
	Scope Scope
}

// Error names the scope.
func (e *ForbiddenError) Error() string { return "this needs the scope " + string(e.Scope) }

// Code returns [CodeForbidden].
func (*ForbiddenError) Code() Code { return CodeForbidden }

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
