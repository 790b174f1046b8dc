package rest

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// The codes that only this transport has; they join the service's catalogue.
const (
	codeMalformedJSON        service.Code = "MALFORMED_JSON"
	codeNotFound             service.Code = "NOT_FOUND"
	codeMethodNotAllowed     service.Code = "METHOD_NOT_ALLOWED"
	codeRequestTimeout       service.Code = "REQUEST_TIMEOUT"
	codeBodyTooLarge         service.Code = "BODY_TOO_LARGE"
	codeUnsupportedMediaType service.Code = "UNSUPPORTED_MEDIA_TYPE"
)

// kind is what all problems with one code have in common.
type kind struct {
	status int
	title  string
	detail string // for problems that say nothing more precise
}

// kinds is the one table from codes to statuses. INVALID_INPUT is 422 for a
// body and 400 for anything else; see [badRequest].
var kinds = map[service.Code]kind{
	service.CodeInvalidInput:         {http.StatusUnprocessableEntity, "Invalid input", "Part of the input is wrong; errors says what."},
	service.CodeUserNotFound:         {http.StatusNotFound, "User not found", "No user has this id."},
	service.CodeEmailTaken:           {http.StatusConflict, "E-mail address taken", "Another user has this e-mail address."},
	service.CodeIDTaken:              {http.StatusConflict, "Id taken", "A user with this id is there already."},
	service.CodeUnauthenticated:      {http.StatusUnauthorized, "Unauthenticated", "Send a valid API key or token in the header Authorization: Bearer."},
	service.CodeForbidden:            {http.StatusForbidden, "Forbidden", "The API key or token does not allow this."},
	service.CodeKeyNotFound:          {http.StatusNotFound, "Key not found", "There is no key of this name that is not revoked."},
	service.CodeKeyTaken:             {http.StatusConflict, "Key taken", "There is a key of this name; revoke it first."},
	service.CodeSessionNotFound:      {http.StatusNotFound, "Session not found", "The user has no session with this id, or no longer."},
	service.CodeVersionConflict:      {http.StatusPreconditionFailed, "Version conflict", "The user has changed; read it again."},
	service.CodeInvalidCredentials:   {http.StatusUnprocessableEntity, "Invalid credentials", "The e-mail address or the password is wrong."},
	service.CodeIdempotencyKeyReused: {http.StatusUnprocessableEntity, "Idempotency key reused", "This idempotency key was used for another request; use a new one."},
	service.CodeIdempotencyKeyInUse:  {http.StatusConflict, "Idempotency key in use", "A request with this idempotency key is being served; try again in a moment."},
	service.CodeTokenInvalid:         {http.StatusUnprocessableEntity, "Token invalid", "The token is not, or no longer, good: it was redeemed, has expired, was replaced, or is of another kind."},
	service.CodeCursorExpired:        {http.StatusGone, "Cursor expired", "The change log no longer goes back to this cursor; list the users afresh."},
	service.CodeRateLimited:          {http.StatusTooManyRequests, "Rate limited", "There were too many requests of late; try again later."},
	service.CodeUnavailable:          {http.StatusServiceUnavailable, "Unavailable", "The service cannot do this now; try again in a moment."},
	service.CodeOutcomeUnknown:       {http.StatusGatewayTimeout, "Outcome unknown", "Whether the change was made is not known; read before you try again."},
	service.CodeInternal:             {http.StatusInternalServerError, "Internal error", "The service failed; its log has the cause under this request's id."},

	codeMalformedJSON:        {http.StatusBadRequest, "Malformed JSON", "The body must be one JSON object."},
	codeNotFound:             {http.StatusNotFound, "Not found", "There is nothing at this path."},
	codeMethodNotAllowed:     {http.StatusMethodNotAllowed, "Method not allowed", "This path takes other methods; Allow lists them."},
	codeRequestTimeout:       {http.StatusRequestTimeout, "Request time-out", "The body took too long to arrive."},
	codeBodyTooLarge:         {http.StatusRequestEntityTooLarge, "Body too large", "The body is larger than the service takes."},
	codeUnsupportedMediaType: {http.StatusUnsupportedMediaType, "Unsupported media type", "The body must be JSON in UTF-8 and its Content-Type must say so; Accept lists what this path takes."},
}

// requestError is a mistake that the transport itself finds.
type requestError struct {
	code   service.Code
	detail string // empty means the code's own
}

// Error implements error.
func (e *requestError) Error() string { return cmp.Or(e.detail, kinds[e.code].detail) }

// Code returns the code.
func (e *requestError) Code() service.Code { return e.code }

// badRequest is INVALID_INPUT outside of the body: in the path, the query or a header.
type badRequest struct{ *service.InvalidInputError }

// Unwrap returns the service's error.
func (e badRequest) Unwrap() error { return e.InvalidInputError }

// problemType says where a reader finds what the code means: the section of
// the handbook that ReDoc makes of openapi.yaml's description.
const problemType = "/redoc#section/Errors/"

// problem is an RFC 9457 problem document.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      service.Code   `json:"code"`
	RequestID string         `json:"request_id,omitempty"`
	Errors    []fieldProblem `json:"errors,omitempty"`

	retryAfter time.Duration
	challenge  string // for WWW-Authenticate
}

// fieldProblem is what is wrong with one field.
type fieldProblem struct {
	Field   service.Field     `json:"field"`
	Code    service.FieldCode `json:"code"`
	Message string            `json:"message"`
}

// newProblem describes err to a client. Nothing of err gets into it but what
// is meant for clients.
func newProblem(err error) problem {
	code := service.CodeOf(err)
	if _, known := kinds[code]; !known {
		code = service.CodeInternal
	}
	k := kinds[code]
	p := problem{Type: problemType + string(code), Title: k.title, Status: k.status, Detail: k.detail, Code: code}
	p.specify(err)
	return p
}

// specify adds what err says beyond its code.
func (p *problem) specify(err error) {
	if e, ok := errors.AsType[*requestError](err); ok {
		p.Detail = cmp.Or(e.detail, p.Detail)
	}
	switch p.Code {
	case service.CodeInvalidInput:
		p.Errors = fieldProblems(err)
		if _, ok := errors.AsType[badRequest](err); ok {
			p.Status = http.StatusBadRequest
		}
	case service.CodeUserNotFound:
		if e, ok := errors.AsType[*service.RecipientNotFoundError](err); ok {
			p.Detail = e.Error()
		}
	case service.CodeEmailTaken:
		p.Errors = []fieldProblem{{service.FieldEmail, service.FieldCode(p.Code), p.Detail}}
	case service.CodeVersionConflict:
		if e, ok := errors.AsType[*service.VersionConflictError](err); ok {
			p.Detail = "The user has changed and is at version " + strconv.Itoa(int(e.Current)) + " now; read it again."
		}
	case service.CodeUnauthenticated, service.CodeForbidden:
		p.challenge = web.Challenge(err)
		if e, ok := errors.AsType[*service.UnauthenticatedError](err); ok && e.Invalid {
			p.Detail = "The API key or token is not valid, or no longer."
		}
		if e, ok := errors.AsType[*service.ForbiddenError](err); ok {
			p.Detail = "This needs an API key or token with the scope " + string(e.Scope) + "."
		}
	case service.CodeIdempotencyKeyInUse, service.CodeRateLimited, service.CodeUnavailable:
		var reason string
		reason, p.retryAfter = service.Retry(err)
		p.Detail = cmp.Or(reason, p.Detail)
	}
}

func fieldProblems(err error) []fieldProblem {
	e, ok := errors.AsType[*service.InvalidInputError](err)
	if !ok {
		return nil
	}
	list := make([]fieldProblem, len(e.Fields))
	for i, f := range e.Fields {
		list[i] = fieldProblem(f)
	}
	return list
}

// write answers with the problem.
func (p problem) write(w http.ResponseWriter, r *http.Request) {
	p.RequestID = web.RequestID(r.Context())
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.challenge != "" {
		h.Set("WWW-Authenticate", p.challenge)
	}
	send(w, p.Status, "application/problem+json", append(p.json(), '\n'))
}

// json is the problem document.
func (p problem) json() []byte {
	body, _ := json.Marshal(p, jsontext.AllowInvalidUTF8(true)) // so cannot fail
	return body
}

// fail answers a request that could not be served because of err.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	if ctx := r.Context(); service.CodeOf(err) == service.CodeInternal && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = &service.UnavailableError{Reason: "The request was given up before it was done.", Err: err}
	}
	p := newProblem(err)
	a.causes.Log(r.Context(), p.Code, err)
	p.write(w, r)
}

// InternalError answers each request with the problem INTERNAL. It logs
// nothing: it is for a middleware that recovers from panics and has logged.
func InternalError() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		newProblem(&requestError{code: service.CodeInternal}).write(w, r)
	})
}
