package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const (
	followers     = 200
	feedWriters   = 4
	changesToMake = 450 // at least, by all writers together
	theEnd        = "The End"
)

// TestFeedThroughRestarts: each of many subscribers over all three transports,
// slow ones and ones that keep reconnecting among them, sees every change once
// and in order, through a restart and through a crash of the server.
func TestFeedThroughRestarts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*deadline)
	defer cancel()
	database := "--database-url=file:" + filepath.Join(t.TempDir(), "users.db")
	server := start(t, database)
	at := newPlace(server.base)
	ids := feedUsers(t, server.base)
	begin := len(changesOf(t, server.base))
	after := lastChange(t, server.base)

	subscribers := make([]*follower, followers)
	var following, writing sync.WaitGroup
	for i := range subscribers {
		f := &follower{connect: connections[i%len(connections)], slow: i%10 == 4, fickle: i%7 == 5, after: after}
		subscribers[i] = f
		following.Go(func() { f.run(ctx, at) })
	}
	var made atomic.Int64
	for _, id := range ids {
		writing.Go(func() { keepRenaming(ctx, at, id, &made) })
	}
	for i, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		await(t, "changes", func() bool { return made.Load() >= int64((i+1)*changesToMake/3) })
		if status := server.stop(t, sig); sig == syscall.SIGTERM && status != 0 {
			t.Errorf("the server with %d subscribers ended with %d", followers, status)
		}
		server = start(t, database)
		at.move(server.base)
	}
	writing.Wait()
	if err := rename(ctx, server.base, ids[0], theEnd); err != nil {
		t.Fatal(err)
	}
	following.Wait()
	checkFollowers(t, subscribers, changesOf(t, server.base)[begin:])
}

// TestShutdownTakesLeaveOfSockets: the server waits for its WebSockets, which
// net/http does not, and tells them why it closes them.
func TestShutdownTakesLeaveOfSockets(t *testing.T) {
	p := start(t, "--database-url=memory:")
	feedUsers(t, p.base)
	open, err := openSocket(t.Context(), p.base, lastChange(t, p.base))
	if err != nil {
		t.Fatal(err)
	}
	defer open.close()
	closed := make(chan error)
	go func() {
		_, err := open.next(t.Context())
		closed <- err
	}()
	begin := time.Now()
	status := p.stop(t, syscall.SIGTERM)
	if took := time.Since(begin); status != 0 || took > deadline/6 {
		t.Errorf("the server ended with %d after %v", status, took)
	}
	if err := <-closed; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the subscriber got %v", err)
	}
}

func checkFollowers(t *testing.T, subscribers []*follower, want []string) {
	t.Helper()
	if len(want) < changesToMake {
		t.Errorf("only %d changes were made", len(want))
	}
	connected := 0
	for i, f := range subscribers {
		connected += f.connected
		if f.err != nil || !slices.Equal(f.seen, want) {
			t.Errorf("subscriber %d: %d changes seen, of %d; %v", i, len(f.seen), len(want), f.err)
		}
	}
	if connected <= 2*followers {
		t.Errorf("%d subscribers connected %d times: they were not cut off", followers, connected)
	}
	t.Logf("%d subscribers saw %d changes each over %d connections", followers, len(want), connected)
}

// place is where the server is to be found, which changes when it restarts.
type place struct {
	mu    sync.Mutex
	base  string        // guarded by mu
	moved chan struct{} // guarded by mu; closed when base changes
}

func newPlace(base string) *place { return &place{base: base, moved: make(chan struct{})} }

func (p *place) move(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = base
	close(p.moved)
	p.moved = make(chan struct{})
}

func (p *place) now() (base string, moved <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base, p.moved
}

// feedUsers creates one user for each writer.
func feedUsers(t *testing.T, base string) (ids []string) {
	t.Helper()
	for i := range feedWriters {
		status, answer, err := sendJSON(http.DefaultClient, http.MethodPost, base+"/users", map[string]any{
			"email": fmt.Sprintf("feed%d@example.com", i), "first_name": "Ada", "last_name": "Byron", "password": "difference engine"})
		var user struct{ ID string }
		if err := cmp.Or(err, json.Unmarshal(answer, &user)); err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s %v", status, answer, err)
		}
		ids = append(ids, user.ID)
	}
	return ids
}

// keepRenaming changes a user again and again until enough changes are made,
// wherever the server is.
func keepRenaming(ctx context.Context, at *place, id string, made *atomic.Int64) {
	for n := 0; made.Load() < changesToMake && ctx.Err() == nil; n++ {
		base, moved := at.now()
		if rename(ctx, base, id, fmt.Sprintf("Ada %d", n)) == nil {
			made.Add(1)
			continue
		}
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
}

func rename(ctx context.Context, base, id, name string) error {
	body := fmt.Sprintf(`{"first_name":%q}`, name)
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, base+"/users/"+id, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/merge-patch+json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// changesOf is the whole change log, as cursors.
func changesOf(t *testing.T, base string) (cursors []string) {
	t.Helper()
	for path := "/changes?limit=200"; ; {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		var page []struct{ Cursor string }
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, resp.Status, err)
		}
		if len(page) == 0 {
			return cursors
		}
		for _, c := range page {
			cursors = append(cursors, c.Cursor)
		}
		path = strings.TrimSuffix(strings.TrimPrefix(resp.Header.Get("Link"), "<"), `>; rel="next"`)
	}
}

// lastChange is the cursor of the newest change.
func lastChange(t *testing.T, base string) string {
	t.Helper()
	cursors := changesOf(t, base)
	if len(cursors) == 0 {
		t.Fatal("nothing has changed yet")
	}
	return cursors[len(cursors)-1]
}

// follower is one subscriber.
type follower struct {
	connect func(ctx context.Context, base, after string) (feed, error)
	// slow is whether it takes its time with each change, fickle whether it
	// keeps reconnecting.
	slow, fickle bool
	after        string
	seen         []string
	connected    int
	err          error
}

// feedChange is what a subscriber looks at of a change.
type feedChange struct {
	cursor string
	last   bool
}

// feed is an open subscription.
type feed interface {
	// next returns the next change. An error that is no *refusedError is the end
	// of the connection.
	next(ctx context.Context) (feedChange, error)
	close()
}

// refusedError says that the server would not go on.
type refusedError struct{ message string }

func (e *refusedError) Error() string { return e.message }

// run follows the changes until the last one, wherever the server is.
func (f *follower) run(ctx context.Context, at *place) {
	for {
		base, moved := at.now()
		open, err := f.connect(ctx, base, f.after)
		if err == nil {
			f.connected++
			err = f.read(ctx, open)
			open.close()
		} else if !isRefused(err) {
			select {
			case <-moved:
			case <-ctx.Done():
			}
		}
		if err == nil || isRefused(err) || ctx.Err() != nil {
			f.err = cmp.Or(err, ctx.Err())
			return
		}
	}
}

func isRefused(err error) bool {
	_, ok := errors.AsType[*refusedError](err)
	return ok
}

var errFickle = errors.New("the subscriber goes and comes back")

// read reads changes up to the last one.
func (f *follower) read(ctx context.Context, open feed) error {
	pace := time.NewTicker(3 * time.Millisecond)
	defer pace.Stop()
	for n := 1; ; n++ {
		c, err := open.next(ctx)
		if err != nil {
			return err
		}
		f.after = c.cursor
		f.seen = append(f.seen, c.cursor)
		switch {
		case c.last:
			return nil
		case f.fickle && n%50 == 0:
			return errFickle
		case f.slow:
			<-pace.C
		}
	}
}

// connections open a feed, each over another transport.
var connections = []func(ctx context.Context, base, after string) (feed, error){openSocket, openGraphEvents, openRESTEvents}

const followChanges = `subscription ($after: String) { userChanges(after: $after) { cursor fields { new } } }`

func followRequest(after string) []byte {
	b, _ := json.Marshal(map[string]any{"query": followChanges, "variables": map[string]any{"after": after}}) // strings: cannot fail
	return b
}

// graphAnswer is an answer to followChanges.
type graphAnswer struct {
	Data struct {
		UserChanges struct {
			Cursor string
			Fields []struct{ New *string }
		}
	}
	Errors []any
}

func (a graphAnswer) change() (feedChange, error) {
	c := a.Data.UserChanges
	if len(a.Errors) > 0 || c.Cursor == "" {
		return feedChange{}, &refusedError{fmt.Sprint(a.Errors)}
	}
	return feedChange{c.Cursor, slices.ContainsFunc(c.Fields, func(f struct{ New *string }) bool { return f.New != nil && *f.New == theEnd })}, nil
}

// socketFeed is a GraphQL subscription over WebSocket.
type socketFeed struct{ conn *websocket.Conn }

func openSocket(ctx context.Context, base, after string) (feed, error) {
	conn, _, err := websocket.Dial(ctx, base+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, err
	}
	messages := []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":` + string(followRequest(after)) + `}`}
	for _, message := range messages {
		err = cmp.Or(err, conn.Write(ctx, websocket.MessageText, []byte(message)))
	}
	if err != nil {
		conn.CloseNow()
		return nil, err
	}
	return socketFeed{conn}, nil
}

func (f socketFeed) next(ctx context.Context) (feedChange, error) {
	for {
		_, data, err := f.conn.Read(ctx)
		if err != nil {
			return feedChange{}, err
		}
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(data, &m); err != nil {
			return feedChange{}, &refusedError{err.Error()}
		}
		switch m.Type {
		case "connection_ack":
		case "ping":
			err = f.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`))
		case "next":
			return changeIn(m.Payload)
		default:
			err = &refusedError{string(data)}
		}
		if err != nil {
			return feedChange{}, err
		}
	}
}

func changeIn(answer []byte) (feedChange, error) {
	var a graphAnswer
	if err := json.Unmarshal(answer, &a); err != nil {
		return feedChange{}, &refusedError{err.Error()}
	}
	return a.change()
}

func (f socketFeed) close() { f.conn.CloseNow() }

// eventFeed is a stream of server-sent events.
type eventFeed struct {
	body  io.ReadCloser
	lines *bufio.Scanner
	// change reads the data of an event.
	change func(event string, data []byte) (feedChange, error)
}

func openEvents(r *http.Request, change func(event string, data []byte) (feedChange, error)) (feed, error) {
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, &refusedError{resp.Status}
	}
	return eventFeed{resp.Body, bufio.NewScanner(resp.Body), change}, nil
}

func openGraphEvents(ctx context.Context, base, after string) (feed, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/graphql", bytes.NewReader(followRequest(after)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return openEvents(r, func(event string, data []byte) (feedChange, error) {
		if event != "next" {
			return feedChange{}, &refusedError{event}
		}
		return changeIn(data)
	})
}

func openRESTEvents(ctx context.Context, base, after string) (feed, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/changes", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Last-Event-ID", after)
	return openEvents(r, func(event string, data []byte) (feedChange, error) {
		var a graphAnswer
		if err := json.Unmarshal(data, &a.Data.UserChanges); err != nil || event != "change" {
			return feedChange{}, &refusedError{event + string(data)}
		}
		return a.change()
	})
}

func (f eventFeed) next(context.Context) (feedChange, error) {
	var event, data string
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "data":
			data = value
		case "":
			if data != "" {
				return f.change(event, []byte(data))
			}
		}
	}
	return feedChange{}, cmp.Or(f.lines.Err(), io.EOF)
}

func (f eventFeed) close() { f.body.Close() }
