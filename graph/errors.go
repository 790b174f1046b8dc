package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// kind is what all errors with one code of the service's catalogue have in
// common.
type kind struct {
	// asData is whether a mutation answers with it in its payload.
	asData bool
	// field is the one that such an error is about, if there is only one.
	field service.Field
	// message is a sentence for clients, where the error has none of its own.
	message string
}

// kinds is the one table from the service's codes to what clients get.
var kinds = map[service.Code]kind{
	service.CodeInvalidInput:         {asData: true, message: "Part of the input is wrong; the extension fields says what."},
	service.CodeUserNotFound:         {asData: true, field: service.FieldID, message: "No user has this id."},
	service.CodeEmailTaken:           {asData: true, field: service.FieldEmail, message: "Another user has this e-mail address."},
	service.CodeIDTaken:              {message: "A user with this id is there already."},
	service.CodeUnauthenticated:      {message: "Send a valid API key or token: as the header Authorization: Bearer, or in the payload of connection_init."},
	service.CodeForbidden:            {message: "The API key or token does not allow this."},
	service.CodeKeyNotFound:          {message: "There is no key of this name that is not revoked."},
	service.CodeKeyTaken:             {message: "There is a key of this name; revoke it first."},
	service.CodeSessionNotFound:      {asData: true, field: service.FieldSessionID, message: "The user has no session with this id, or no longer."},
	service.CodeVersionConflict:      {asData: true, field: service.FieldExpectedVersion, message: "The user has changed; read it again."},
	service.CodeInvalidCredentials:   {asData: true, message: "The e-mail address or the password is wrong."},
	service.CodeIdempotencyKeyReused: {asData: true, field: service.FieldIdempotencyKey, message: "This idempotency key was used for another request; use a new one."},
	service.CodeIdempotencyKeyInUse:  {message: "A request with this idempotency key is being served; try again in a moment."},
	service.CodeTokenInvalid:         {asData: true, field: service.FieldToken, message: "The token is not, or no longer, good: it was redeemed, has expired, was replaced, or is of another kind."},
	service.CodeCursorExpired:        {message: "The change log no longer holds what follows this cursor; list the users afresh and follow from now on."},
	service.CodeRateLimited:          {message: "There were too many requests of late; try again later."},
	service.CodeUnavailable:          {message: "The service cannot do this now; try again in a moment."},
	service.CodeOutcomeUnknown:       {message: "Whether the change was made is not known; read before you try again."},
	service.CodeInternal:             {message: "The service failed; its log has the cause under this request's id."},
}

// publicCode is the code of err, if it is one that clients are told.
func publicCode(err error) service.Code {
	code := service.CodeOf(err)
	if _, ok := kinds[code]; !ok {
		return service.CodeInternal
	}
	return code
}

// messageFor is what a client is told about err. Nothing of err gets into it
// but what is meant for clients.
func messageFor(err error) string {
	if e, ok := errors.AsType[*service.VersionConflictError](err); ok {
		return "The user has changed and is at version " + strconv.Itoa(int(e.Current)) + " now; read it again."
	}
	if e, ok := errors.AsType[*service.UnauthenticatedError](err); ok && e.Invalid {
		return "The API key or token is not valid, or no longer."
	}
	if e, ok := errors.AsType[*service.RecipientNotFoundError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*service.ForbiddenError](err); ok {
		return "This needs an API key or token with the scope " + string(e.Scope) + "."
	}
	reason, _ := service.Retry(err)
	return cmp.Or(reason, kinds[publicCode(err)].message)
}

// presenter turns errors into what clients get, and logs what they do not.
type presenter struct {
	log      *slog.Logger
	causes   *web.Causes
	observer Observer
}

func newPresenter(log *slog.Logger, o Observer) presenter {
	return presenter{log, web.NewCauses(log), o}
}

// present implements [graphql.ErrorPresenterFunc].
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	found, ok := errors.AsType[*gqlerror.Error](err)
	if ok {
		out.Path, out.Locations = found.Path, found.Locations
	}
	if ok && codeOf(found) != "" { // it is a problem that names its code itself
		out.Message, out.Extensions = found.Message, maps.Clone(found.Extensions)
	} else {
		err = givenUp(ctx, err)
		p.logCause(ctx, err)
		out.Message, out.Extensions = messageFor(err), extensionsFor(err)
	}
	p.observer.Failed(ctx, codeOf(out))
	if id := web.RequestID(ctx); id != "" {
		out.Extensions["requestId"] = id
	}
	return out
}

// givenUp tells an error that merely says that the request has ended from one
// of the service's own.
func givenUp(ctx context.Context, err error) error {
	if service.CodeOf(err) == service.CodeInternal && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return errGivenUp(err)
	}
	return err
}

// errGivenUp says that the request ended, by its client or by a deadline.
func errGivenUp(err error) error {
	return &service.UnavailableError{Reason: "The request was given up before it was done.", Err: err}
}

// extensionsFor has what a program can know about err.
func extensionsFor(err error) map[string]any {
	code := publicCode(err)
	extensions := map[string]any{"code": code}
	switch code {
	case service.CodeInvalidInput:
		if e, ok := errors.AsType[*service.InvalidInputError](err); ok {
			extensions["fields"] = fieldErrors(e)
		}
	case service.CodeRateLimited, service.CodeUnavailable, service.CodeIdempotencyKeyInUse:
		_, after := service.Retry(err)
		extensions["retryAfter"] = int(math.Ceil(after.Seconds()))
	}
	return extensions
}

// logCause logs what the client is not told, if there is anything.
func (p presenter) logCause(ctx context.Context, err error) {
	if errors.Is(err, errPanicked) {
		return // recovered has logged it
	}
	p.causes.Log(ctx, publicCode(err), err, slog.String("path", graphql.GetPath(ctx).String()))
}

// errPanicked stands for a panic that has been logged.
var errPanicked = errors.New("panicked")

// recovered implements [graphql.RecoverFunc].
func (p presenter) recovered(ctx context.Context, v any) error {
	p.log.ErrorContext(ctx, "request panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	return errPanicked
}

// abort ends a connection whose handler panics in the middle of an answer,
// which must not look like a whole one.
func (p presenter) abort(ctx context.Context) {
	if v := recover(); v != nil {
		_ = p.recovered(ctx, v)
		panic(http.ErrAbortHandler)
	}
}

// survive ends a goroutine that panics, and no more than that.
func (p presenter) survive(ctx context.Context) {
	if v := recover(); v != nil {
		_ = p.recovered(ctx, v)
	}
}

// asList is what an executor takes errors in.
func asList(err error) gqlerror.List { return gqlerror.List{gqlerror.Wrap(err)} }
