package rest

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/internal/scratch"
	"github.com/userd/userd/service"
)

// userSize is about what a user takes in JSON, in bytes.
const userSize = 370

// appendUser appends u as JSON. Written by hand, as it is what the service
// does most; a test keeps it in step with [service.User].
func appendUser(b []byte, u *service.User) []byte {
	b = append(b, `{"id":"`...)
	b = service.AppendID(b, u.ID)
	b = append(b, `","email":`...)
	b = appendText(b, u.Email)
	b = append(b, `,"email_verified_at":`...)
	if u.EmailVerifiedAt.IsZero() {
		b = append(b, "null"...)
	} else {
		b = service.AppendTime(b, u.EmailVerifiedAt)
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
	b = service.AppendTime(b, u.CreatedAt)
	b = append(b, `,"updated_at":`...)
	b = service.AppendTime(b, u.UpdatedAt)
	return append(b, '}')
}

func appendText(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // for ill-formed UTF-8, which is not stored, it appends U+FFFD
	return b
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
	body := append(appendUser(scratch.Get(), &u), '\n')
	sendJSON(w, status, body)
	scratch.Put(body)
}

// sendVersion answers 204 with no more of u than its version.
func sendVersion(w http.ResponseWriter, u service.User) {
	setVersion(w.Header(), u)
	w.WriteHeader(http.StatusNoContent)
}

func setVersion(h http.Header, u service.User) {
	h["Etag"] = []string{etag(u)} // as net/http spells it, which it else would each time
	setPrivate(h)
}

// setPrivate lets the client's own cache keep the answer, but ask each time
// whether it is still true.
func setPrivate(h http.Header) { h["Cache-Control"] = private }

// Values of headers that most answers have; net/http only reads them.
var (
	private   = []string{"private, no-cache"}
	plainJSON = []string{typeJSON}
)

func sendJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Type"] = plainJSON
	sendBody(w, status, body)
}

// send answers with body.
func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	sendBody(w, status, body)
}

func sendBody(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // #nosec G705 -- JSON, and said to be; fails only when nobody is there to be told
}
