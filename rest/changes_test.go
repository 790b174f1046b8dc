package rest

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/userd/userd/internal/teststore"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// testChange is a change as clients read it.
type testChange struct {
	Cursor    string            `json:"cursor"`
	At        time.Time         `json:"at"`
	Kind      string            `json:"kind"`
	UserID    string            `json:"user_id"`
	Version   int               `json:"version"`
	Fields    []testFieldChange `json:"fields"`
	Actor     string            `json:"actor"`
	RequestID string            `json:"request_id"`
}

type testFieldChange struct {
	Field string  `json:"field"`
	Old   *string `json:"old"`
	New   *string `json:"new"`
}

// String is what of a change differs little from run to run.
func (c testChange) String() string {
	var b strings.Builder
	b.WriteString(c.Kind)
	for _, f := range c.Fields {
		text := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		b.WriteString(" " + f.Field + "=" + text(f.Old) + ">" + text(f.New))
	}
	return b.String()
}

func (p *reply) changes() (list []testChange) {
	p.t.Helper()
	p.is(200)
	if err := json.Unmarshal([]byte(p.body), &list, json.RejectUnknownMembers(true)); err != nil {
		p.t.Fatalf("%s: %v", p.body, err)
	}
	return list
}

func lines(changes []testChange) (lines []string) {
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	return lines
}

// nextChanges is the address in the Link header.
func (p *reply) nextChanges() string {
	p.t.Helper()
	path, ok := strings.CutSuffix(p.header.Get("Link"), `>; rel="next"`)
	if !ok {
		p.t.Fatalf("Link: %s", p.header.Get("Link"))
	}
	return strings.TrimPrefix(path, "<")
}

// changed creates a user and changes all about it, in five changes.
func changed(s *server) (id string) {
	id = s.create(newUser("ada@example.com", "Ada", "Byron")).ID
	s.patch("/users/"+id, `{"last_name":"Lovelace","is_active":false}`).is(200)
	s.send("PUT", "/users/"+id+"/email", `{"email":"countess@example.com"}`, header{"X-Request-Id": "mine"}).is(200)
	s.send("PUT", "/users/"+id+"/password", `{"password":"notes on the engine"}`, nil).is(204)
	s.patch("/users/"+id, `{"last_name":"Lovelace"}`).is(200) // is as it was
	return id
}

func TestChangesTellWhatHappened(t *testing.T) {
	s := serve(t)
	id := changed(s)
	list := s.get("/changes").has("Vary", "Accept").changes()
	want := []string{
		"created email=->ada@example.com first_name=->Ada last_name=->Byron password=->- is_active=->true",
		"updated last_name=Byron>Lovelace is_active=true>false",
		"email_changed email=ada@example.com>countess@example.com",
		"password_changed password=->-",
	}
	if diff := gocmp.Diff(want, lines(list)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i, c := range list {
		if c.UserID != id || c.Version != i+1 || c.Actor != "anonymous" || c.At.IsZero() {
			t.Errorf("change %d: %+v", i, c)
		}
	}
	if list[2].RequestID != "mine" {
		t.Errorf("request id %q", list[2].RequestID)
	}
}

func TestDeletingErasesValues(t *testing.T) {
	s := serve(t)
	id := changed(s)
	s.send("DELETE", "/users/"+id, "", nil).is(204)
	p := s.get("/changes?user_id=" + id)
	want := []string{
		"created email=->- first_name=->- last_name=->- password=->- is_active=->-", "updated last_name=->- is_active=->-",
		"email_changed email=->-", "password_changed password=->-", "deleted",
	}
	if diff := gocmp.Diff(want, lines(p.changes())); diff != "" || strings.Contains(p.body, "example.com") {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestChangesComeInPages(t *testing.T) {
	s := serve(t)
	id := changed(s)
	s.create(newUser("bob@example.com", "Bob", "B"))
	all := s.get("/changes").changes()
	var walked []testChange
	path := "/changes?limit=2&user_id=" + id
	for range 3 {
		p := s.get(path)
		walked = append(walked, p.changes()...)
		path = p.nextChanges()
	}
	if diff := gocmp.Diff(all[:4], walked); diff != "" {
		t.Errorf("-all +walked:\n%s", diff)
	}
	s.patch("/users/"+id, `{"first_name":"Augusta"}`).is(200)
	if got := lines(s.get(path).changes()); len(got) != 1 || got[0] != "updated first_name=Ada>Augusta" {
		t.Errorf("the last page's link leads on to %q", got)
	}
	if got := s.get("/changes?after=" + all[3].Cursor + "&limit=1").changes(); len(got) != 1 || got[0].Cursor != all[4].Cursor {
		t.Errorf("after the fourth change comes %v", got)
	}
}

func TestChangesRefuseWrongParameters(t *testing.T) {
	s := serve(t)
	users := s.get("/users?limit=1").body
	for query, field := range map[string]string{
		"after=": "after", "after=x": "after", "after=AWMB": "after", "limit=0": "limit", "limit=201": "limit", "limit=x": "limit",
		"user_id=": "user_id", "user_id=x": "user_id", "user_id=00000000-0000-0000-0000-000000000000": "user_id",
		"since=1": "since", "limit=1&limit=2": "limit",
	} {
		p := s.get("/changes?"+query).problem(400, "INVALID_INPUT")
		if len(p.Errors) != 1 || string(p.Errors[0].Field) != field {
			t.Errorf("%s: %+v, want one about %s", query, p.Errors, field)
		}
	}
	s.send("GET", "/changes?limit=5", "", header{"Accept": "text/event-stream"}).problem(400, "INVALID_INPUT")
	s.send("GET", "/changes", "", header{"Accept": "text/event-stream", "Last-Event-ID": "x"}).problem(400, "INVALID_INPUT")
	if s.get("/users?limit=1").body != users {
		t.Error("something changed")
	}
}

func TestCursorsOfAnotherLogAndOldOnesAreExpired(t *testing.T) {
	other := serve(t)
	changed(other)
	cursor := other.get("/changes").changes()[0].Cursor
	s := serveStore(t, teststore.Open(t, 2), Config{})
	s.get("/changes?after="+cursor).problem(410, "CURSOR_EXPIRED")
	id := s.create(newUser("ada@example.com", "Ada", "Byron")).ID
	first := s.get("/changes").changes()[0].Cursor
	for _, name := range []string{"A", "B", "C"} {
		s.patch("/users/"+id, `{"first_name":"`+name+`"}`).is(200)
	}
	s.get("/changes?after="+first).problem(410, "CURSOR_EXPIRED")
	s.send("GET", "/changes?after="+first, "", header{"Accept": "text/event-stream"}).problem(410, "CURSOR_EXPIRED")
	if got := lines(s.get("/changes").changes()); len(got) != 2 {
		t.Errorf("kept are %q", got)
	}
}

// stream is an open stream of events.
type stream struct {
	t      *testing.T
	body   io.ReadCloser
	lines  *bufio.Scanner
	lastID string
}

// follow opens a stream.
func (s *server) follow(ctx context.Context, path, lastEventID string) *stream {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html, text/event-stream;q=0.9")
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != typeEvents || resp.Header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	return &stream{t: s.t, body: resp.Body, lines: bufio.NewScanner(resp.Body)}
}

// next reads the next event, as a browser would, or io.EOF at the end.
func (s *stream) next() (event, data string, err error) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			s.lastID = value
		case "event":
			event = value
		case "data":
			data = value
		case "":
			if data != "" {
				return event, data, nil
			}
		}
	}
	return "", "", cmp.Or(s.lines.Err(), io.EOF)
}

// change reads the next event, which must be a change.
func (s *stream) change() testChange {
	s.t.Helper()
	event, data, err := s.next()
	if err != nil || event != "change" {
		s.t.Fatalf("%s %s %v, want a change", event, data, err)
	}
	var c testChange
	if err := json.Unmarshal([]byte(data), &c, json.RejectUnknownMembers(true)); err != nil {
		s.t.Fatal(err)
	}
	if c.Cursor != s.lastID {
		s.t.Errorf("the event's id is %s, its cursor %s", s.lastID, c.Cursor)
	}
	return c
}

func TestStreamBringsChangesAsTheyHappenAndResumes(t *testing.T) {
	s := serve(t)
	before := s.create(newUser("bob@example.com", "Bob", "B"))
	live := s.follow(t.Context(), "/changes", "")
	id := changed(s)
	var streamed []testChange
	for range 4 {
		streamed = append(streamed, live.change())
	}
	all := s.get("/changes").changes()
	if diff := gocmp.Diff(all[1:], streamed); diff != "" || all[0].UserID != before.ID {
		t.Errorf("-log +stream:\n%s", diff)
	}

	live.body.Close()
	s.patch("/users/"+id, `{"first_name":"Augusta"}`).is(200)
	s.patch("/users/"+before.ID, `{"first_name":"Robert"}`).is(200)
	resumed := s.follow(t.Context(), "/changes?after=ignored", streamed[2].Cursor)
	if got := lines([]testChange{resumed.change(), resumed.change(), resumed.change()}); got[0] != "password_changed password=->-" ||
		got[1] != "updated first_name=Ada>Augusta" || got[2] != "updated first_name=Bob>Robert" {
		t.Errorf("resumed with %q", got)
	}
	one := s.follow(t.Context(), "/changes?user_id="+before.ID+"&after="+all[0].Cursor, "")
	if c := one.change(); c.String() != "updated first_name=Bob>Robert" {
		t.Errorf("the stream of one user has %s", c)
	}
}

func TestHeadOfAStreamEnds(t *testing.T) {
	s := serve(t)
	p := s.send("HEAD", "/changes", "", header{"Accept": typeEvents}).is(200)
	if p.header.Get("Content-Type") != typeEvents || p.body != "" {
		t.Errorf("%v %q", p.header, p.body)
	}
}

func TestStreamEndsWhenTheServerShutsDown(t *testing.T) {
	drain, startDraining := context.WithCancel(t.Context())
	s := serveStore(t, newStore(t), Config{Drain: drain})
	live := s.follow(t.Context(), "/changes", "")
	startDraining()
	if event, data, err := live.next(); err != io.EOF {
		t.Errorf("%s %s %v, want the end", event, data, err)
	}
	if live.lastID == "" {
		t.Error("the client was not told what to resume by")
	}
}

// cutStore is a store whose log is cut off while it is read.
type cutStore struct {
	service.Store
	err error
}

func (s cutStore) AwaitChange(context.Context, int64) error { return s.err }

func TestStreamSaysWhyItEnds(t *testing.T) {
	for code, err := range map[string]error{"CURSOR_EXPIRED": &service.CursorExpiredError{}, "INTERNAL": errors.New("secret cause")} {
		s := serveStore(t, cutStore{newStore(t), err}, Config{})
		live := s.follow(t.Context(), "/changes", "")
		event, data, readErr := live.next()
		if readErr != nil || event != "problem" || !strings.Contains(data, `"code":"`+code+`"`) || strings.Contains(data, "secret") {
			t.Errorf("%s %s %v, want %s", event, data, readErr, code)
		}
		if _, _, err := live.next(); err != io.EOF {
			t.Errorf("%v, want the end", err)
		}
		if strings.Contains(s.log.String(), "secret cause") != (code == "INTERNAL") {
			t.Errorf("the log has %s", s.log)
		}
	}
}

// patient is a response that can be flushed and takes deadlines.
type patient struct{ *httptest.ResponseRecorder }

func (patient) SetWriteDeadline(time.Time) error { return nil }

func TestSilentStreamIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a bubble's time flies
		store := memory.New()
		defer store.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 2*keepAlive+time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/changes", nil)
		r.Header.Set("Accept", typeEvents)
		w := patient{httptest.NewRecorder()}
		web.WithRequestIDs(New(newService(store), Config{})).ServeHTTP(w, r)
		if n := strings.Count(w.Body.String(), "id: "); n != 3 || !w.Flushed {
			t.Errorf("%d signs of life in a silence of two intervals: %q", n, w.Body)
		}
	})
}

// Nothing happens that could be withheld: the stream ends even so.
func TestSilentStreamEndsWhenItsKeyIsRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		defer store.Close()
		until := time.Now().Add(keepAlive + time.Second)
		known := func(context.Context, string) (service.Actor, error) {
			return service.KeyActor("app", []service.Scope{service.ScopeAdmin}).While(func(context.Context) error {
				if time.Now().After(until) {
					return &service.UnauthenticatedError{Invalid: true}
				}
				return nil
			}), nil
		}
		svc := service.New(store, service.Config{Authenticators: []service.Authenticator{known}})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/changes", nil)
		r.Header.Set("Accept", typeEvents)
		r.Header.Set("Authorization", "Bearer key")
		w := patient{httptest.NewRecorder()}
		web.WithRequestIDs(New(svc, Config{})).ServeHTTP(w, r)
		if n := strings.Count(w.Body.String(), "id: "); n != 2 || !strings.Contains(w.Body.String(), `"UNAUTHENTICATED"`) {
			t.Errorf("a key that lasts for one interval of silence brings %q", w.Body)
		}
	})
}
