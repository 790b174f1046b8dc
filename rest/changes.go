package rest

import (
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// changes answers with a page of the change log, or with the log as it grows
// when the client asks for a stream of events.
func (a *api) changes(w http.ResponseWriter, r *http.Request) error {
	if acceptsEvents(r.Header) {
		return a.streamChanges(w, r)
	}
	q := parseChangesQuery(r.URL.RawQuery)
	page, err := a.svc.Changes(r.Context(), q.input)
	if err := q.wrong.with(renamed(err, changesNames)); err != nil {
		return outsideBody(err)
	}
	q.given.Set(string(service.FieldAfter), page.EndCursor)
	w.Header().Add("Vary", "Accept")
	w.Header().Set("Link", link("/changes", q.given, "next")) // on the last page too: the log goes on
	setPrivate(w.Header())
	send(w, http.StatusOK, typeJSON, append(appendChanges(nil, page.Items), '\n'))
	return nil
}

// changesQuery is the query of a request for changes.
type changesQuery struct {
	query
	input service.ChangesInput
}

func parseChangesQuery(raw string) *changesQuery {
	q := new(changesQuery)
	q.query = parseQuery(raw, q, changesParameters)
	return q
}

var changesParameters = parameters[*changesQuery]{
	service.FieldAfter:  func(q *changesQuery, value string) string { q.input.After = &value; return "" },
	paramLimit:          func(q *changesQuery, value string) string { return setLimit(&q.input.First, value) },
	service.FieldUserID: (*changesQuery).setUserID,
}

// changesNames are the parameters' names for the service's fields.
var changesNames = map[service.Field]service.Field{service.FieldFirst: paramLimit}

func (q *changesQuery) setUserID(value string) string {
	id, err := service.ParseID(value)
	if err != nil || id == uuid.Nil {
		return "An id is a UUID in its canonical form: 36 characters, lower case."
	}
	q.input.UserID = id
	return ""
}

func appendChanges(b []byte, items []service.ChangeItem) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChange(b, item)
	}
	return append(b, ']')
}

// appendChange appends a change as JSON.
func appendChange(b []byte, item service.ChangeItem) []byte {
	c := item.Change
	b = append(b, `{"cursor":`...)
	b = appendText(b, item.Cursor)
	b = append(b, `,"at":`...)
	b = service.AppendTime(b, c.At)
	b = append(b, `,"kind":`...)
	b = appendText(b, string(c.Kind))
	b = append(b, `,"user_id":"`...)
	b = append(b, c.UserID.String()...)
	b = append(b, `","version":`...)
	b = strconv.AppendInt(b, int64(c.Version), 10)
	b = append(b, `,"fields":[`...)
	for i, f := range c.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFieldChange(b, f)
	}
	b = append(b, `],"actor":`...)
	b = appendText(b, c.Origin.Actor)
	b = append(b, `,"request_id":`...)
	b = appendText(b, c.Origin.RequestID)
	return append(b, '}')
}

func appendFieldChange(b []byte, f service.FieldChange) []byte {
	b = append(b, `{"field":`...)
	b = appendText(b, string(f.Field))
	b = append(b, `,"old":`...)
	b = appendOptional(b, f.Old)
	b = append(b, `,"new":`...)
	b = appendOptional(b, f.New)
	return append(b, '}')
}

func appendOptional(b []byte, s *string) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	return appendText(b, *s)
}
