package service_test

import (
	"context"
	"strings"
	"testing"

	"github.com/userd/userd/service"
)

func TestAuthenticate(t *testing.T) {
	away := &service.UnavailableError{Reason: "Away."}
	longest := strings.Repeat("x", 8192)
	w := newWorldWith(t, service.Config{Authenticators: []service.Authenticator{nobody, func(_ context.Context, token string) (service.Actor, error) {
		switch token {
		case "app", "a-b.c_d~e+f/g==", longest:
			return key(), nil
		case "away":
			return service.Actor{}, away
		case "bad":
			return key().While(func(context.Context) error { return away }), nil
		}
		return nobody(t.Context(), token)
	}}})
	for _, tt := range []struct {
		name, authorization string
		want                string
		invalid             bool
	}{
		{name: "good", authorization: "Bearer app", want: "key:app"},
		{name: "scheme in another case, spaces", authorization: "bEARER   app", want: "key:app"},
		{name: "all characters", authorization: "Bearer a-b.c_d~e+f/g==", want: "key:app"},
		{name: "the longest", authorization: "Bearer " + longest, want: "key:app"},
		{name: "nothing", want: "UNAUTHENTICATED"},
		{name: "unknown", authorization: "Bearer somebody", want: "UNAUTHENTICATED", invalid: true},
		{name: "another scheme", authorization: "Basic app", want: "UNAUTHENTICATED", invalid: true},
		{name: "no scheme", authorization: "app", want: "UNAUTHENTICATED", invalid: true},
		{name: "no token", authorization: "Bearer ", want: "UNAUTHENTICATED", invalid: true},
		{name: "two", authorization: "Bearer app, Bearer app", want: "UNAUTHENTICATED", invalid: true},
		{name: "= inside", authorization: "Bearer a=pp", want: "UNAUTHENTICATED", invalid: true},
		{name: "too long", authorization: "Bearer " + longest + "x", want: "UNAUTHENTICATED", invalid: true},
		{name: "cannot tell", authorization: "Bearer away", want: "UNAVAILABLE"},
		{name: "good no longer", authorization: "Bearer bad", want: "UNAVAILABLE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := w.Authenticate(t.Context(), tt.authorization)
			if err == nil {
				if a.String() != tt.want {
					t.Errorf("%s, want %s", a, tt.want)
				}
				return
			}
			e, _ := err.(*service.UnauthenticatedError)
			if string(service.CodeOf(err)) != tt.want || e != nil && e.Invalid != tt.invalid || strings.Contains(err.Error(), "app") {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestAnOpenServiceAsksNobody(t *testing.T) {
	for _, authorization := range []string{"", "Bearer app", "nonsense"} {
		if a, err := newWorld(t).Authenticate(t.Context(), authorization); err != nil || a.String() != "anonymous" {
			t.Errorf("%q: %s, %v", authorization, a, err)
		}
	}
}
