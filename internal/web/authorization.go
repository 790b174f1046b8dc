package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/userd/userd/service"
)

// Authorization is the value of the header Authorization, "" where there is
// none. Of several it makes one that is no credential: nobody between the
// client and us may have gone by another one than we would.
func Authorization(h http.Header) string { return strings.Join(h.Values("Authorization"), ", ") }

// Challenge is the value of WWW-Authenticate (RFC 6750, section 3) for a
// request that was refused with err: it names an error only where the client
// has sent a credential.
func Challenge(err error) string {
	const challenge = `Bearer realm="userd"`
	if e, ok := errors.AsType[*service.ForbiddenError](err); ok {
		return challenge + `, error="insufficient_scope", scope="` + string(e.Scope) + `"`
	}
	if e, ok := errors.AsType[*service.UnauthenticatedError](err); ok && e.Invalid {
		return challenge + `, error="invalid_token"`
	}
	return challenge
}
