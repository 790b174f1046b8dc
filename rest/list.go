package rest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/userd/userd/service"
)

func (a *api) listUsers(w http.ResponseWriter, r *http.Request) error {
	q := parseListQuery(r.URL.RawQuery)
	page, err := a.svc.ListUsers(r.Context(), q.input())
	if err := q.wrong.with(inQueryNames(err)); err != nil {
		return outsideBody(err)
	}
	h := w.Header()
	h.Set("Link", q.links(page))
	setPrivate(h)
	body := make([]byte, 0, len(page.Items)*userSize+3)
	send(w, http.StatusOK, typeJSON, append(appendUsers(body, page.Items), '\n'))
	return nil
}

// The query parameters of a list that the service's fields are not named after.
const (
	paramLimit  service.Field = "limit"
	paramCursor service.Field = "cursor"
	paramSort   service.Field = "sort"
)

// inQueryNames puts the parameters' names in place of the service's.
func inQueryNames(err error) error {
	e, ok := errors.AsType[*service.InvalidInputError](err)
	if !ok {
		return err
	}
	names := map[service.Field]service.Field{
		service.FieldFirst: paramLimit, service.FieldAfter: paramCursor, service.FieldOrderBy: paramSort,
	}
	fields := slices.Clone(e.Fields)
	for i, f := range fields {
		fields[i].Field = cmp.Or(names[f.Field], f.Field)
	}
	return &service.InvalidInputError{Fields: fields}
}

// listQuery is the query of a request for a list.
type listQuery struct {
	given  url.Values // well-formed parameters, for the links
	list   service.ListInput
	filter service.FilterInput
	wrong  mistakes
}

func parseListQuery(raw string) *listQuery {
	q := &listQuery{given: url.Values{}}
	values, err := url.ParseQuery(raw)
	if err != nil {
		q.wrong.invalid("", "The query is not of the form name=value&name=value with %-escapes.")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		q.take(name, values[name])
	}
	return q
}

// take notes one parameter, or what is wrong with it.
func (q *listQuery) take(name string, values []string) {
	field, value := service.Field(name), values[0]
	set, known := listParameters[field]
	switch {
	case !known:
		q.wrong.unknownName(name, "There is no such parameter.")
	case len(values) > 1:
		q.wrong.invalid(field, "This parameter can be given only once.")
	default:
		if message := set(q, value); message != "" {
			q.wrong.invalid(field, message)
		}
		q.given.Set(name, strings.TrimSpace(value)) // as the service reads it
	}
}

// listParameters set the parameters of a list; what they return says what is
// wrong, if the service will not.
var listParameters = map[service.Field]func(q *listQuery, value string) string{
	paramLimit:  (*listQuery).setLimit,
	paramCursor: func(q *listQuery, value string) string { q.list.After = &value; return "" },
	paramSort:   (*listQuery).setSort,

	service.FieldEmail:    func(q *listQuery, value string) string { q.filter.Email = service.Some(value); return "" },
	service.FieldQuery:    func(q *listQuery, value string) string { q.filter.Query = service.Some(value); return "" },
	service.FieldIsActive: (*listQuery).setIsActive,
}

func (q *listQuery) setLimit(value string) string {
	n, err := strconv.ParseUint(value, 10, 31) // takes no sign
	if err != nil {
		return fmt.Sprintf("This parameter must be a whole number from 1 to %d.", service.MaxPageSize)
	}
	limit := int(n)
	q.list.First = &limit
	return ""
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
	links := link(q.given, "first")
	if page.HasNext {
		q.given.Set(string(paramCursor), page.Items[len(page.Items)-1].Cursor())
		links = link(q.given, "next") + ", " + links
	}
	return links
}

func link(query url.Values, rel string) string {
	target := url.URL{Path: "/users", RawQuery: query.Encode()}
	return "<" + target.String() + `>; rel="` + rel + `"`
}
