package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/userd/userd/internal/scratch"
	"github.com/userd/userd/service"
)

// reply answers one request in one media type.
type reply struct{ mediaType string }

// fail answers a request that was not executed.
func (a reply) fail(w http.ResponseWriter, r *http.Request, e graphql.GraphExecutor, err *gqlerror.Error) {
	a.send(w, r, e.DispatchError(r.Context(), gqlerror.List{err}))
}

// send answers with resp, in one go. Nobody may read resp's data afterwards.
func (a reply) send(w http.ResponseWriter, r *http.Request, resp *graphql.Response) {
	body := appendAnswer(scratch.Get(), resp)
	scratch.Put(resp.Data)
	h := w.Header()
	single := [...]string{a.mediaType + "; charset=utf-8", strconv.Itoa(len(body)), "no-store"} // in one piece of memory
	h["Content-Type"], h["Content-Length"], h["Cache-Control"] = single[:1:1], single[1:2:2], single[2:3:3]
	h.Add("Vary", "Accept")
	status := a.status(resp)
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", fmt.Sprint(resp.Errors[0].Extensions["retryAfter"]))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // #nosec G705 -- JSON, and said to be; the client may have gone
	}
	scratch.Put(body)
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
func encode(resp *graphql.Response) []byte { return appendAnswer(nil, resp) }

// appendAnswer appends resp as encode writes it.
func appendAnswer(b []byte, resp *graphql.Response) []byte {
	b = slices.Grow(b, len(resp.Data)+len(`{"data":}`)+1)
	b = append(b, '{')
	if len(resp.Errors) > 0 {
		b = append(append(b, `"errors":`...), encodeErrors(resp.Errors)...)
		if resp.Data != nil {
			b = append(b, ',')
		}
	}
	if resp.Data != nil {
		b = append(append(b, `"data":`...), resp.Data...)
	}
	return append(b, "}\n"...)
}

func encodeErrors(list gqlerror.List) []byte {
	errs, _ := json.Marshal(list) // texts, numbers, and our own maps of them: cannot fail
	return errs
}
