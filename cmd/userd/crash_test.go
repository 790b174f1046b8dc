package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

const (
	crashClients   = 32
	usersPerClient = 40
)

// TestKillLosesNothingAcknowledged kills a server with kill -9 while clients
// write, again and again on the same file, and compares what is in it with
// what the clients were told. The long form is
//
//	CRASH_ROUNDS=60 go test ./cmd/userd -run KillLosesNothing -timeout 30m -v
func TestKillLosesNothingAcknowledged(t *testing.T) {
	rounds := number(t, "CRASH_ROUNDS", 5)
	path := filepath.Join(t.TempDir(), "users.db")
	clients := seedClients(t, path)
	total, lost := 0, 0
	for round := range rounds {
		p := start(t, "--database-url=file:"+path, "--keep-changes=10000000")
		acknowledged := writeUntilKilled(t, p, clients)
		applied := checkAgainst(t, path, clients)
		total += acknowledged
		lost += applied
		t.Logf("round %d: %d changes acknowledged; of %d in flight when killed, %d are in the file", round+1, acknowledged, len(clients), applied)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills, %d changes acknowledged, all there; %d more were in the file before their answer was", rounds, total, lost)
}

// number is an environment variable that scales a test.
func number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s must be a number greater than 0", name)
	}
	return n
}

// person is a user as far as the clients change it.
type person struct {
	Email     string `json:"email"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	IsActive  bool   `json:"is_active"`
	Version   int32  `json:"version"`
}

// writer is a client that changes users of its own, one request at a time, and
// keeps book of what it was told.
type writer struct {
	number int
	made   int // for values that nobody else has
	users  map[string]person
	// pending is what the request was to do that has no answer.
	pending *pending
	// doubts are the requests of which the server said that it does not know
	// whether it has carried them out. Their users are left alone from then on.
	doubts  []pending
	refused int // requests that the server said have changed nothing
}

// pending is what a request is to do: to the user with this id, or to a new one
// when id is empty; to delete it when after is nil.
type pending struct {
	id            string
	before, after *person
}

// seedClients puts users in the file without the cost of hashing passwords.
func seedClients(t *testing.T, path string) []*writer {
	t.Helper()
	store := openFile(t, path)
	defer store.Close()
	return newWriters(t, store, crashClients, usersPerClient)
}

// newWriters are n clients with users of their own in the store.
func newWriters(t *testing.T, store service.Store, n, users int) []*writer {
	t.Helper()
	clients := make([]*writer, n)
	var wg sync.WaitGroup
	for c := range clients {
		w := &writer{number: c, users: make(map[string]person)}
		clients[c] = w
		wg.Go(func() {
			for range users {
				p := person{Email: w.unique() + "@example.com", FirstName: "Ada", LastName: w.unique(), IsActive: true, Version: 1}
				id, err := seed(store, p)
				if err != nil {
					t.Error(err)
					return
				}
				w.users[id] = p
			}
		})
	}
	wg.Wait()
	return clients
}

func openFile(t testing.TB, path string) *memory.Store {
	t.Helper()
	store, err := memory.Open(context.Background(), path, memory.Config{KeepChanges: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func seed(store service.Store, p person) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	return id.String(), store.CreateUser(context.Background(), service.Record{
		User: service.User{ID: id, Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, IsActive: p.IsActive,
			Version: p.Version, CreatedAt: now, UpdatedAt: now},
		Keys: service.Keys{Email: p.Email, FirstName: strings.ToLower(p.FirstName), LastName: p.LastName}, PasswordHash: "none",
	})
}

func (w *writer) unique() string {
	w.made++
	return fmt.Sprintf("c%d-n%d", w.number, w.made)
}

// writeUntilKilled has the clients write, kills the server after a random
// number of answers, and returns how many changes were acknowledged.
func writeUntilKilled(t *testing.T, p *process, clients []*writer) int {
	t.Helper()
	var acknowledged atomic.Int64
	target := 1 + rand.Int64N(4000)
	reached := make(chan struct{})
	transport := &http.Transport{MaxIdleConnsPerHost: len(clients)}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: deadline}
	var wg sync.WaitGroup
	for _, w := range clients {
		wg.Go(func() {
			for {
				done, err := w.write(client, p.base)
				if err != nil {
					t.Error(err)
				}
				if !done {
					return
				}
				if acknowledged.Add(1) == target {
					close(reached)
				}
			}
		})
	}
	select {
	case <-reached:
	case <-time.After(4 * deadline):
		t.Error("the clients get no further")
	}
	p.stop(t, syscall.SIGKILL)
	wg.Wait()
	return int(acknowledged.Load())
}

// write makes one change. It returns false when the server has gone, and an
// error when it says what it must not.
func (w *writer) write(client *http.Client, base string) (answered bool, err error) {
	method, path, body, todo := w.next()
	w.pending = todo
	status, answer, err := sendJSON(client, method, base+path, body)
	if err != nil {
		return false, nil // the request's outcome is unknown
	}
	w.pending = nil
	switch {
	case status == http.StatusServiceUnavailable: // too many passwords to hash at once, or the database is away
		w.refused++
		return true, nil
	case status == http.StatusGatewayTimeout:
		w.doubts = append(w.doubts, *todo)
		delete(w.users, todo.id)
		return true, nil
	case todo.after == nil && status == http.StatusNoContent:
		delete(w.users, todo.id)
		return true, nil
	case status != http.StatusOK && status != http.StatusCreated:
		return false, fmt.Errorf("%s %s: status %d, %s", method, path, status, answer)
	}
	var got struct {
		person
		ID string
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return false, err
	}
	if got.person != *todo.after {
		return false, fmt.Errorf("%s %s answers %+v, want %+v", method, path, got.person, *todo.after)
	}
	w.users[got.ID] = got.person
	return true, nil
}

// next is a random request, mostly of those that are quick.
func (w *writer) next() (method, path string, body map[string]any, todo *pending) {
	ids := slices.Collect(maps.Keys(w.users))
	dice := rand.IntN(100)
	if len(ids) == 0 || dice == 0 {
		p := person{Email: w.unique() + "@example.com", FirstName: "Grace", LastName: w.unique(), IsActive: true, Version: 1}
		return http.MethodPost, "/users", map[string]any{
			"email": p.Email, "first_name": p.FirstName, "last_name": p.LastName, "password": "correct horse " + w.unique(),
		}, &pending{after: &p}
	}
	id := ids[rand.IntN(len(ids))]
	p := w.users[id]
	before := p
	p.Version++
	switch {
	case dice == 1:
		return http.MethodDelete, "/users/" + id, nil, &pending{id: id, before: &before}
	case dice < 50:
		p.FirstName, p.LastName, p.IsActive = "Ida", w.unique(), !p.IsActive
		return http.MethodPatch, "/users/" + id, map[string]any{
			"first_name": p.FirstName, "last_name": p.LastName, "is_active": p.IsActive,
		}, &pending{id: id, before: &before, after: &p}
	default:
		p.Email = w.unique() + "@example.com"
		return http.MethodPut, "/users/" + id + "/email", map[string]any{"email": p.Email}, &pending{id: id, before: &before, after: &p}
	}
}

func sendJSON(client *http.Client, method, url string, body map[string]any) (status int, answer []byte, err error) {
	req, err := newJSONRequest(method, url, body)
	if err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

func newJSONRequest(method, url string, body map[string]any) (*http.Request, error) {
	if body == nil {
		return http.NewRequest(method, url, nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(text))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

// checkAgainst compares the file with the clients' books.
func checkAgainst(t *testing.T, path string, clients []*writer) (applied int) {
	t.Helper()
	store := openFile(t, path)
	defer store.Close()
	return checkBooks(t, store, clients)
}

// checkBooks compares the store with the clients' books, takes over into them
// what turned out to be there, and returns how much that was.
func checkBooks(t *testing.T, store service.Store, clients []*writer) (applied int) {
	t.Helper()
	there := peopleIn(t, store)
	checkLog(t, store, there)
	for _, w := range clients {
		applied += w.settleAll(t, store, there)
		for id, want := range w.users {
			if got, ok := there[id]; !ok || got != want {
				t.Errorf("user %s was acknowledged as %+v, and is %+v, %v", id, want, got, ok)
			}
			delete(there, id)
		}
	}
	for id, p := range there {
		t.Errorf("user %s, %+v, should not be there", id, p)
	}
	return applied
}

// settleAll finds out what has become of the requests without a clear answer.
func (w *writer) settleAll(t *testing.T, store service.Store, there map[string]person) (applied int) {
	t.Helper()
	todo := w.doubts
	if w.pending != nil {
		todo = append(todo, *w.pending)
	}
	w.doubts, w.pending = nil, nil
	for _, p := range todo {
		if p.id != "" {
			w.users[p.id] = *p.before
		}
		if w.settle(t, store, there, p) {
			applied++
		}
	}
	return applied
}

func peopleIn(t *testing.T, store service.Store) map[string]person {
	t.Helper()
	users, err := store.ListUsers(t.Context(), service.ListQuery{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]person)
	for _, u := range users {
		u := u.User
		there[u.ID.String()] = person{u.Email, u.FirstName, u.LastName, u.IsActive, u.Version}
	}
	return there
}

// settle finds out what has become of a request: all of it, which is then
// noted, or nothing.
func (w *writer) settle(t *testing.T, store service.Store, there map[string]person, todo pending) (applied bool) {
	t.Helper()
	switch {
	case todo.id == "":
		return w.settleCreation(t, store, there, *todo.after)
	case todo.after == nil:
		if _, ok := there[todo.id]; ok {
			return false
		}
		delete(w.users, todo.id)
		return true
	case there[todo.id] == *todo.after:
		w.users[todo.id] = *todo.after
		return true
	}
	return false
}

// settleCreation notes the new user if it is there, and otherwise creates one
// with its e-mail address, which must be free.
func (w *writer) settleCreation(t *testing.T, store service.Store, there map[string]person, p person) (applied bool) {
	t.Helper()
	for id, got := range there {
		if got == p {
			w.users[id] = p
			return true
		}
	}
	id, err := seed(store, p)
	if err != nil {
		t.Errorf("the e-mail address of a user who was not created: %v", err)
	}
	w.users[id], there[id] = p, p
	return false
}

// checkLog replays the change log and compares what comes out with the users.
func checkLog(t *testing.T, store service.Store, there map[string]person) {
	t.Helper()
	replayed := make(map[string]person)
	next := int64(1)
	for {
		slice, err := store.Changes(t.Context(), service.ChangeQuery{After: next - 1, Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		if slice.Through == next-1 {
			break
		}
		for _, c := range slice.Changes {
			if c.Seq != next {
				t.Fatalf("change %d comes where %d should", c.Seq, next)
			}
			next++
			replay(t, replayed, c, there)
		}
	}
	if !maps.Equal(replayed, there) {
		t.Errorf("the change log makes %d users that are not the %d users there", len(replayed), len(there))
	}
}

// replay does to users what c says was done.
func replay(t *testing.T, users map[string]person, c service.Change, there map[string]person) {
	t.Helper()
	id := c.UserID.String()
	before, known := users[id]
	if known != (c.Kind != service.ChangeCreated) {
		t.Errorf("change %d: %s of a user that is there: %v", c.Seq, c.Kind, known)
	}
	if c.Kind == service.ChangeDeleted {
		delete(users, id)
		return
	}
	if c.Version != before.Version+1 {
		t.Errorf("change %d brings a user from version %d to %d", c.Seq, before.Version, c.Version)
	}
	before.Version = c.Version
	for _, f := range c.Fields {
		if _, exists := there[id]; !exists && f.New != nil {
			t.Errorf("change %d has a value of a user who is deleted", c.Seq)
		}
		if f.New == nil {
			continue // a password, or erased
		}
		switch f.Field {
		case service.FieldEmail:
			before.Email = *f.New
		case service.FieldFirstName:
			before.FirstName = *f.New
		case service.FieldLastName:
			before.LastName = *f.New
		case service.FieldIsActive:
			before.IsActive = *f.New == "true"
		}
	}
	users[id] = before
}
