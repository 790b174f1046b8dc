package graph

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

// authenticate returns r as the request of whoever sent it, by its header
// Authorization, or the answer that refuses it.
func (p performer) authenticate(w http.ResponseWriter, r *http.Request) (*http.Request, *graphql.Response) {
	actor, err := p.svc.Authenticate(r.Context(), web.Authorization(r.Header))
	if err == nil {
		return web.WithActor(r, actor), nil
	}
	if service.CodeOf(err) == service.CodeUnauthenticated {
		w.Header().Set("WWW-Authenticate", web.Challenge(err))
	}
	return r, p.exec.DispatchError(r.Context(), asList(err))
}

// authorizationIn is what a message's payload says that the header
// Authorization would have said, or "".
func authorizationIn(payload jsontext.Value) string {
	var in map[string]jsontext.Value
	var text string
	if len(payload) == 0 || json.Unmarshal(payload, &in) != nil {
		return ""
	}
	for _, name := range []string{"Authorization", "authorization"} {
		if value, given := in[name]; given && json.Unmarshal(value, &text) != nil {
			return "not a text" // which is no credential either, and not none
		}
	}
	return text
}

// refusal is why the connection of a client is closed that the service does
// not serve.
func refusal(err error) *closing {
	if service.CodeOf(err) == service.CodeUnauthenticated {
		return notAllowed
	}
	return tryLater
}
