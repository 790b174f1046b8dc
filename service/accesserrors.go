package service

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
