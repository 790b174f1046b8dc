package rest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/userd/userd/service"
)

// createOnce creates the user, or tells again how a request with the same
// Idempotency-Key did (draft-ietf-httpapi-idempotency-key-header).
func (a *api) createOnce(w http.ResponseWriter, r *http.Request, in service.UserInput) (service.User, error) {
	keys := r.Header.Values(idempotencyKey)
	if len(keys) == 0 {
		return a.svc.CreateUser(r.Context(), in)
	}
	if len(keys) > 1 {
		return service.User{}, badHeader(idempotencyKey, "A request has one idempotency key.")
	}
	u, replayed, err := a.svc.CreateUserOnce(r.Context(), unquoted(keys[0]), in)
	if e, ok := errors.AsType[*service.InvalidInputError](err); ok && e.Has(service.FieldIdempotencyKey) {
		return u, badHeader(idempotencyKey, e.Fields[0].Message)
	}
	if replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	return u, err
}

const idempotencyKey = "Idempotency-Key"

// unquoted is the text of a string of RFC 9651, which the draft wants a key to
// be. Many clients send it bare: what is no such string stands for itself.
func unquoted(value string) string {
	inner, quoted := strings.CutPrefix(value, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !quoted || !closed {
		return value
	}
	var text strings.Builder
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			return value
		case '\\':
			if i++; i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return value
			}
		}
		text.WriteByte(inner[i])
	}
	return text.String()
}
