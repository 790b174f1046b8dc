package graph

import (
	"fmt"
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/service"
)

// The codes that only this transport has; they join the service's catalogue.
const (
	codeMalformedJSON        service.Code = "MALFORMED_JSON"
	codeBadRequest           service.Code = "BAD_REQUEST"
	codeMethodNotAllowed     service.Code = "METHOD_NOT_ALLOWED"
	codeNotAcceptable        service.Code = "NOT_ACCEPTABLE"
	codeRequestTimeout       service.Code = "REQUEST_TIMEOUT"
	codeBodyTooLarge         service.Code = "BODY_TOO_LARGE"
	codeURLTooLong           service.Code = "URL_TOO_LONG"
	codeUnsupportedMediaType service.Code = "UNSUPPORTED_MEDIA_TYPE"
	codeOriginNotAllowed     service.Code = "ORIGIN_NOT_ALLOWED"
	codeUpgradeFailed        service.Code = "UPGRADE_FAILED"
	codeSyntax               service.Code = "GRAPHQL_PARSE_FAILED"
	codeInvalidDocument      service.Code = "GRAPHQL_VALIDATION_FAILED"
	codeLimitExceeded        service.Code = "LIMIT_EXCEEDED"
	codeUnknownQuery         service.Code = "PERSISTED_QUERY_NOT_FOUND"
)

// httpStatus is the status of an answer without data. GraphQL over HTTP wants
// a request that is well formed but asks for the impossible to be answered by
// 200 in application/json, which old clients ask for.
type httpStatus struct{ graphql, json int }

// statuses is the one table from codes to statuses; codes that are not in it
// are those of fields, in answers that have data and are 200. It follows npm's
// graphql-http audits: the specification's draft of August 2026 would move
// invalid documents to 422 and partial answers to 294.
var statuses = map[service.Code]httpStatus{
	codeMalformedJSON:           {http.StatusBadRequest, http.StatusBadRequest},
	codeBadRequest:              {http.StatusBadRequest, http.StatusBadRequest},
	codeMethodNotAllowed:        {http.StatusMethodNotAllowed, http.StatusMethodNotAllowed},
	codeNotAcceptable:           {http.StatusNotAcceptable, http.StatusNotAcceptable},
	codeRequestTimeout:          {http.StatusRequestTimeout, http.StatusRequestTimeout},
	codeBodyTooLarge:            {http.StatusRequestEntityTooLarge, http.StatusRequestEntityTooLarge},
	codeURLTooLong:              {http.StatusRequestURITooLong, http.StatusRequestURITooLong},
	codeUnsupportedMediaType:    {http.StatusUnsupportedMediaType, http.StatusUnsupportedMediaType},
	codeOriginNotAllowed:        {http.StatusForbidden, http.StatusForbidden},
	codeUpgradeFailed:           {http.StatusBadRequest, http.StatusBadRequest},
	codeSyntax:                  {http.StatusBadRequest, http.StatusOK},
	codeInvalidDocument:         {http.StatusBadRequest, http.StatusOK},
	codeLimitExceeded:           {http.StatusBadRequest, http.StatusOK},
	codeUnknownQuery:            {http.StatusBadRequest, http.StatusOK},
	service.CodeUnauthenticated: {http.StatusUnauthorized, http.StatusUnauthorized},
	service.CodeUnavailable:     {http.StatusServiceUnavailable, http.StatusServiceUnavailable},
	service.CodeInternal:        {http.StatusInternalServerError, http.StatusInternalServerError},
}

// problem is an error that a request gets before anything of it is executed.
// The message is a sentence for clients.
func problem(code service.Code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

// exceeds is the problem that a limit, named as in [Limits], does not allow a
// document.
func exceeds(limit string, most int, format string) *gqlerror.Error {
	err := problem(codeLimitExceeded, format, most)
	err.Extensions["limit"], err.Extensions["max"] = limit, most
	return err
}

// codeOf is the code in an error's extensions, if there is an error.
func codeOf(err *gqlerror.Error) service.Code {
	if err == nil {
		return ""
	}
	code, _ := err.Extensions["code"].(service.Code)
	return code
}
