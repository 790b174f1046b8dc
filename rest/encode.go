package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// userSize is about what a user takes in JSON, in bytes.
const userSize = 370

// appendUser appends u as JSON. Written by hand, as it is what the service
// does most; a test keeps it in step with [service.User].
func appendUser(b []byte, u service.User) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, u.ID.String()...)
	b = append(b, `","email":`...)
	b = appendText(b, u.Email)
	b = append(b, `,"email_verified_at":`...)
	if u.EmailVerifiedAt.IsZero() {
		b = append(b, "null"...)
	} else {
		b = appendTime(b, u.EmailVerifiedAt)
	}
	b = append(b, `,"first_name":`...)
	b = appendText(b, u.FirstName)
	b = append(b, `,"last_name":`...)
	b = appendText(b, u.LastName)
	b = append(b, `,"is_active":`...)
	b = strconv.AppendBool(b, u.IsActive)
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, int64(u.Version), 10)
	b = append(b, `,"created_at":`...)
	b = appendTime(b, u.CreatedAt)
	b = append(b, `,"updated_at":`...)
	b = appendTime(b, u.UpdatedAt)
	return append(b, '}')
}

func appendText(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // for ill-formed UTF-8, which is not stored, it appends U+FFFD
	return b
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, service.TimeLayout)
	return append(b, '"')
}

func appendUsers(b []byte, items []service.UserItem) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendUser(b, item.User)
	}
	return append(b, ']')
}

// sendUser answers 200 with u.
func sendUser(w http.ResponseWriter, u service.User) { sendUserAs(w, http.StatusOK, u) }

func sendUserAs(w http.ResponseWriter, status int, u service.User) {
	setVersion(w.Header(), u)
	send(w, status, "application/json", append(appendUser(make([]byte, 0, userSize), u), '\n'))
}

// sendVersion answers 204 with no more of u than its version.
func sendVersion(w http.ResponseWriter, u service.User) {
	setVersion(w.Header(), u)
	w.WriteHeader(http.StatusNoContent)
}

func setVersion(h http.Header, u service.User) {
	h.Set("ETag", etag(u))
	setPrivate(h)
}

// setPrivate lets the client's own cache keep the answer, but ask each time
// whether it is still true.
func setPrivate(h http.Header) { h.Set("Cache-Control", "private, no-cache") }

// send answers with body.
func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only when nobody is there to be told
}
