package rest

import (
	"net/http"
	"strings"

	"github.com/userd/userd/internal/scratch"
	"github.com/userd/userd/service"
)

func (a *api) listUsers(w http.ResponseWriter, r *http.Request) error {
	q := parseListQuery(r.URL.RawQuery)
	page, err := a.svc.ListUsers(r.Context(), q.input())
	if err := q.wrong.with(renamed(err, listNames)); err != nil {
		return outsideBody(err)
	}
	h := w.Header()
	h.Set("Link", q.links(page))
	setPrivate(h)
	body := append(appendUsers(scratch.Get(), page.Items), '\n')
	sendJSON(w, http.StatusOK, body)
	scratch.Put(body)
	return nil
}

// The query parameters of a list that the service's fields are not named after.
const (
	paramLimit  service.Field = "limit"
	paramCursor service.Field = "cursor"
	paramSort   service.Field = "sort"
)

// listNames are their names for the service's fields.
var listNames = map[service.Field]service.Field{
	service.FieldFirst: paramLimit, service.FieldAfter: paramCursor, service.FieldOrderBy: paramSort,
}

// listQuery is the query of a request for a list.
type listQuery struct {
	query
	list   service.ListInput
	filter service.FilterInput
}

func parseListQuery(raw string) *listQuery {
	q := new(listQuery)
	q.query = parseQuery(raw, q, listParameters)
	return q
}

var listParameters = parameters[*listQuery]{
	paramLimit:  func(q *listQuery, value string) string { return setLimit(&q.list.First, value) },
	paramCursor: func(q *listQuery, value string) string { q.list.After = &value; return "" },
	paramSort:   (*listQuery).setSort,

	service.FieldEmail:    func(q *listQuery, value string) string { q.filter.Email = service.Some(value); return "" },
	service.FieldQuery:    func(q *listQuery, value string) string { q.filter.Query = service.Some(value); return "" },
	service.FieldIsActive: (*listQuery).setIsActive,
}

func (q *listQuery) setSort(value string) string {
	name, descending := strings.CutPrefix(value, "-")
	q.list.Order = service.Order{Field: service.OrderField(name), Descending: descending}
	if name == "" { // the service would take it for the default
		return "This parameter must be created_at, email or last_name, or one of them after a minus sign."
	}
	return ""
}

func (q *listQuery) setIsActive(value string) string {
	if value != "true" && value != "false" {
		return "This parameter must be true or false."
	}
	q.filter.IsActive = service.Some(value == "true")
	return ""
}

func (q *listQuery) input() service.ListInput {
	if q.filter != (service.FilterInput{}) {
		q.list.Filter = service.Some(q.filter)
	}
	return q.list
}

// links is the Link header (RFC 8288): where the same list starts, and where
// it goes on after page.
func (q *listQuery) links(page *service.UserPage) string {
	q.given.Del(string(paramCursor))
	links := link("/users", q.given, "first")
	if page.HasNext {
		q.given.Set(string(paramCursor), page.Items[len(page.Items)-1].Cursor())
		links = link("/users", q.given, "next") + ", " + links
	}
	return links
}
