package graph

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/service"
)

// reply answers one request in one media type.
type reply struct{ mediaType string }

// fail answers a request that was not executed.
func (a reply) fail(w http.ResponseWriter, r *http.Request, e graphql.GraphExecutor, err *gqlerror.Error) {
	a.send(w, r, e.DispatchError(r.Context(), gqlerror.List{err}))
}

// send answers with resp, in one go.
func (a reply) send(w http.ResponseWriter, r *http.Request, resp *graphql.Response) {
	body := encode(resp)
	h := w.Header()
	h.Set("Content-Type", a.mediaType+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	status := a.status(resp)
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // #nosec G705 -- JSON, and said to be; the client may have gone
	}
}

// status is 200 for an answer with data, even if only of a part of what was
// asked for.
func (a reply) status(resp *graphql.Response) int {
	if resp.Data != nil || len(resp.Errors) == 0 {
		return http.StatusOK
	}
	s, ok := statuses[codeOf(resp.Errors[0])]
	switch {
	case !ok:
		return statuses[service.CodeInternal].json
	case a.mediaType == typeGraphQL:
		return s.graphql
	default:
		return s.json
	}
}

// encode writes resp as JSON. The data are JSON already and not looked at
// again. An answer to what was not executed has no member data.
func encode(resp *graphql.Response) []byte {
	errs := encodeErrors(resp.Errors)
	body := make([]byte, 0, len(resp.Data)+len(errs)+len(`{"errors":,"data":}`)+1)
	body = append(body, '{')
	if len(resp.Errors) > 0 {
		body = append(append(body, `"errors":`...), errs...)
	}
	if resp.Data != nil {
		if len(resp.Errors) > 0 {
			body = append(body, ',')
		}
		body = append(append(body, `"data":`...), resp.Data...)
	}
	return append(body, "}\n"...)
}

func encodeErrors(list gqlerror.List) []byte {
	errs, _ := json.Marshal(list) // texts, numbers, and our own maps of them: cannot fail
	return errs
}
