package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// feed measures how soon subscribers hear of changes, and what they take, from
// one server with a file and from two on PostgreSQL.
func (l *lab) feed(t *testing.T) {
	l.follow(t, "live feed", l.startUserd(t, "--database-url="+l.fileOf(t, l.subscribers)))
	db := postgrestest.Start(t)
	url := db.NewSchema(t)
	l.fill(t, url, l.subscribers)
	l.follow(t, "live feed, two copies on PostgreSQL", l.startUserd(t, "--database-url="+url), l.startUserd(t, "--database-url="+url))
}

// follow has subscribers follow at all copies of the service, and changes users
// at the first. One subscriber in a hundred follows all users, as a dashboard
// does; each of the others follows one, as the screen of a user does.
func (l *lab) follow(t *testing.T, title string, copies ...*server) {
	memory := func() (sum float64) {
		for _, userd := range copies {
			sum += userd.memory(t, "VmRSS")
		}
		return sum
	}
	before := memory()
	_, answered := send(t, "POST", copies[0].base+"/graphql", `{"query":"{ changeCursor }"}`)
	var cursor struct{ Data struct{ ChangeCursor string } }
	if err := json.Unmarshal(answered, &cursor); err != nil {
		t.Fatal(err)
	}
	f := &followers{sent: make([]atomic.Int64, int(l.feedTime.Seconds())*l.changesASecond), done: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range l.subscribers {
		variables := map[string]any{"after": cursor.Data.ChangeCursor, "user": userID(i + 1)}
		if i%100 == 0 {
			variables["user"] = nil
			f.ofAll++
		}
		f.follow(ctx, t, copies[i/100%len(copies)].base, variables)
	}
	for i := range f.sent { // each of these users has a subscriber of its own, unless that one follows all
		f.expected += int64(f.ofAll)
		if i%l.subscribers%100 != 0 {
			f.expected++
		}
	}
	f.change(t, copies[0].base, l.subscribers, l.changesASecond)
	select {
	case <-f.done:
	case <-time.After(time.Minute):
		t.Fatalf("%d of %d deliveries within a minute", f.delivered(), f.expected)
	}
	slices.Sort(f.waits)
	l.note(t, title+": p99 from sending a change to its delivery", float64(f.waits[len(f.waits)*99/100])/1e6)
	l.note(t, title+": resident memory for each subscriber", (memory()-before)/1000/float64(l.subscribers))
}

// followers are subscribers and what they have heard.
type followers struct {
	sent     []atomic.Int64 // when each change was sent, in nanoseconds
	ofAll    int            // how many follow all users
	expected int64          // deliveries
	done     chan struct{}

	mu    sync.Mutex
	waits []int64 // guarded by mu; in nanoseconds
}

func (f *followers) delivered() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waits)
}

const followUser = `subscription($after: String, $user: ID) { userChanges(after: $after, userId: $user) { cursor kind version fields { field new } } }`

// follow subscribes, and returns when the service has taken it.
func (f *followers) follow(ctx context.Context, t testing.TB, base string, variables map[string]any) {
	t.Helper()
	conn, _, err := websocket.Dial(ctx, strings.Replace(base, "http", "ws", 1)+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	for _, step := range []struct{ send, until any }{
		{map[string]any{"type": "connection_init"}, "connection_ack"},
		{map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": followUser, "variables": variables}}, nil},
		{map[string]any{"type": "ping"}, "pong"},
	} {
		if err := wsjson.Write(ctx, conn, step.send); err != nil {
			t.Fatal(err)
		}
		var got struct{ Type string }
		for step.until != nil && got.Type != step.until {
			if err := wsjson.Read(ctx, conn, &got); err != nil || got.Type == "error" {
				t.Fatal(got, err)
			}
		}
	}
	go f.hear(ctx, t, conn)
}

// hear notes how long each change has taken, until the connection ends.
func (f *followers) hear(ctx context.Context, t testing.TB, conn *websocket.Conn) {
	for {
		_, message, err := conn.Read(ctx)
		if ctx.Err() != nil {
			return
		}
		var n int
		_, address, found := strings.Cut(string(message), `"new":"change`)
		if err == nil && !found && strings.Contains(string(message), `"ping"`) {
			err = wsjson.Write(ctx, conn, map[string]string{"type": "pong"})
			if err == nil {
				continue
			}
		}
		if _, scanned := fmt.Sscanf(address, "%d@", &n); err != nil || scanned != nil {
			t.Errorf("%s: %v", message, err)
			return
		}
		wait := time.Now().UnixNano() - f.sent[n].Load()
		f.mu.Lock()
		f.waits = append(f.waits, wait)
		if int64(len(f.waits)) == f.expected {
			close(f.done)
		}
		f.mu.Unlock()
	}
}

// change gives users, one after the other, another address, at this pace.
func (f *followers) change(t testing.TB, base string, users, perSecond int) {
	t.Helper()
	next := make(chan int)
	var senders sync.WaitGroup
	for range 16 {
		senders.Go(func() {
			for n := range next {
				f.sent[n].Store(time.Now().UnixNano())
				if err := put(fmt.Sprintf("%s/users/%s/email", base, userID(1+n%users)), fmt.Sprintf(`{"email":"change%d@example.com"}`, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	began := time.Now()
	for n := range f.sent {
		time.Sleep(time.Duration(n)*time.Second/time.Duration(perSecond) - time.Since(began)) // the pace
		next <- n
	}
	close(next)
	senders.Wait()
}

func put(url, body string) error {
	req, err := http.NewRequest(http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT %s: %s", url, resp.Status)
	}
	return nil
}
