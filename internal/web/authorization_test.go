package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

func TestAuthorization(t *testing.T) {
	for want, values := range map[string][]string{"": nil, "Bearer a": {"Bearer a"}, "Bearer a, Bearer b": {"Bearer a", "Bearer b"}} {
		if got := web.Authorization(http.Header{"Authorization": values}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestChallenge(t *testing.T) {
	for want, err := range map[string]error{
		`Bearer realm="userd"`:                                                 &service.UnauthenticatedError{},
		`Bearer realm="userd", error="invalid_token"`:                          fmt.Errorf("wrapped: %w", &service.UnauthenticatedError{Invalid: true}),
		`Bearer realm="userd", error="insufficient_scope", scope="users:read"`: &service.ForbiddenError{Scope: service.ScopeUsersRead},
	} {
		if got := web.Challenge(err); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := web.Challenge(errors.New("another")); got != `Bearer realm="userd"` {
		t.Error(got)
	}
}
