package service_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want service.Code
	}{
		{&service.InvalidInputError{}, service.CodeInvalidInput},
		{&service.UserNotFoundError{}, service.CodeUserNotFound},
		{&service.EmailTakenError{}, service.CodeEmailTaken},
		{&service.IDTakenError{}, service.CodeIDTaken},
		{&service.UnauthenticatedError{}, service.CodeUnauthenticated},
		{&service.ForbiddenError{}, service.CodeForbidden},
		{&service.KeyNotFoundError{}, service.CodeKeyNotFound},
		{&service.KeyTakenError{}, service.CodeKeyTaken},
		{&service.VersionConflictError{}, service.CodeVersionConflict},
		{&service.InvalidCredentialsError{}, service.CodeInvalidCredentials},
		{&service.IdempotencyKeyReusedError{}, service.CodeIdempotencyKeyReused},
		{&service.IdempotencyKeyInUseError{}, service.CodeIdempotencyKeyInUse},
		{&service.CursorExpiredError{}, service.CodeCursorExpired},
		{&service.UnavailableError{}, service.CodeUnavailable},
		{&service.OutcomeUnknownError{Err: context.DeadlineExceeded}, service.CodeOutcomeUnknown},
		{errors.New("boom"), service.CodeInternal},
		{context.Canceled, service.CodeInternal},
		{fmt.Errorf("on the way: %w", &service.EmailTakenError{}), service.CodeEmailTaken},
		{fmt.Errorf("twice: %w", fmt.Errorf("on the way: %w", &service.UserNotFoundError{})), service.CodeUserNotFound},
		{errors.Join(errors.New("boom"), &service.UnavailableError{}), service.CodeUnavailable},
		{&service.UnavailableError{Err: &service.EmailTakenError{}}, service.CodeUnavailable},
	} {
		if got := service.CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%T %v) is %s, want %s", c.err, c.err, got, c.want)
		}
	}
}

func TestUserNotFoundErrorIs(t *testing.T) {
	err := fmt.Errorf("read: %w", &service.UserNotFoundError{ID: someID})
	for _, c := range []struct {
		name   string
		target error
		want   bool
	}{
		{"the same id", &service.UserNotFoundError{ID: someID}, true},
		{"no id stands for every id", &service.UserNotFoundError{}, true},
		{"another id", &service.UserNotFoundError{ID: uuid.Max}, false},
		{"another type", &service.EmailTakenError{}, false},
	} {
		if got := errors.Is(err, c.target); got != c.want {
			t.Errorf("%s: errors.Is is %v", c.name, got)
		}
	}
	var notFound *service.UserNotFoundError
	if !errors.As(err, &notFound) || notFound.ID != someID {
		t.Errorf("errors.As gives %+v", notFound)
	}
	if errors.Is(&service.UserNotFoundError{}, &service.UserNotFoundError{ID: someID}) {
		t.Error("an error without an id is taken for one with an id")
	}
}

func TestErrorsWithoutDetailsAreTheSame(t *testing.T) {
	for _, err := range []error{&service.EmailTakenError{}, &service.IDTakenError{}, &service.InvalidCredentialsError{}, &service.IdempotencyKeyReusedError{}, &service.IdempotencyKeyInUseError{}, &service.UnauthenticatedError{}, &service.KeyNotFoundError{}, &service.KeyTakenError{}, &service.CursorExpiredError{}} {
		for _, target := range []error{&service.EmailTakenError{}, &service.IDTakenError{}, &service.InvalidCredentialsError{}, &service.IdempotencyKeyReusedError{}, &service.IdempotencyKeyInUseError{}, &service.UnauthenticatedError{}, &service.KeyNotFoundError{}, &service.KeyTakenError{}, &service.CursorExpiredError{}, &service.UserNotFoundError{}} {
			same := fmt.Sprintf("%T", err) == fmt.Sprintf("%T", target)
			if got := errors.Is(fmt.Errorf("on the way: %w", err), target); got != same {
				t.Errorf("errors.Is takes a %T for a %T: %v", err, target, got)
			}
		}
	}
}

func TestErrorsUnwrapTheirCause(t *testing.T) {
	cause := errors.New("connection refused")
	if err := (&service.OutcomeUnknownError{Err: cause}); !errors.Is(err, cause) {
		t.Errorf("%v does not wrap its cause", err)
	}
	if err := (&service.UnavailableError{Err: cause}); !errors.Is(err, cause) {
		t.Error("errors.Is does not find the cause")
	}
}

func TestInvalidInputErrorHas(t *testing.T) {
	err := &service.InvalidInputError{Fields: []service.FieldError{{Field: service.FieldEmail}}}
	if !err.Has(service.FieldEmail) || err.Has(service.FieldPassword) {
		t.Error("Has does not tell the fields that are wrong from the others")
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&service.InvalidInputError{Fields: []service.FieldError{
			{Field: service.FieldEmail, Message: "First."}, {Field: service.FieldPassword, Message: "Second."},
		}}, "invalid input: email: First.; password: Second."},
		{&service.UserNotFoundError{ID: someID}, "no user has the id 0198c0de-0000-7000-8000-0123456789ab"},
		{&service.EmailTakenError{}, "another user has this e-mail address"},
		{&service.IDTakenError{}, "a user with this id is there already"},
		{&service.InvalidCredentialsError{}, "the e-mail address or the password is wrong"},
		{&service.IdempotencyKeyReusedError{}, "this idempotency key was used for another request; use a new one"},
		{&service.IdempotencyKeyInUseError{}, "a request with this idempotency key is being served; try again in a moment"},
		{&service.CursorExpiredError{}, "the change log no longer holds what follows this cursor; list the users afresh and follow from now on"},
		{&service.VersionConflictError{ID: someID, Current: 7}, "the user has changed and is at version 7 now; read it again"},
		{&service.UnavailableError{Reason: "Away.", RetryAfter: time.Second}, "Away."},
		{&service.UnavailableError{Reason: "Away.", Err: errors.New("connection refused")}, "Away: connection refused"},
		{&service.ItemNotFoundError{Kind: "session"}, `there is no such "session" item`},
		{&service.ItemConflictError{Kind: "session"}, `a "session" item is not what was expected`},
		{&service.OutcomeUnknownError{}, "whether the change was made is not known; read before trying again"},
		{&service.OutcomeUnknownError{Err: errors.New("EOF")}, "whether the change was made is not known; read before trying again: EOF"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%T: %q, want %q", c.err, got, c.want)
		}
	}
}
