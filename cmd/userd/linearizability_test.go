package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestUsersAreLinearizable has clients change and read the same few users, with
// the same few e-mail addresses, at once, and then looks for an order of all
// requests, each within the time it took, in which every answer is right.
func TestUsersAreLinearizable(t *testing.T) {
	for range number(t, "LINEARIZABILITY_ROUNDS", 2) {
		checkLinearizable(t, []*process{start(t, "--database-url=file:users.db")})
	}
}

// checkLinearizable does so with clients spread over servers that have no users yet.
func checkLinearizable(t *testing.T, servers []*process) {
	t.Helper()
	const users, clients, requests = 4, 8, 60
	client := &http.Client{Timeout: deadline, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	r := &recorder{servers: servers, client: client, began: time.Now()}
	for n := range users {
		r.do(t, 0, apiCall{method: "create", email: n})
	}
	ids := r.created()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(rand.Uint64(), 0))
			for range requests {
				r.do(t, c+1, randomCall(random, ids))
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	switch porcupine.CheckOperationsTimeout(usersModel(), r.operations, time.Minute) {
	case porcupine.Illegal:
		t.Errorf("no order of the %d requests explains their answers", len(r.operations))
	case porcupine.Unknown:
		t.Errorf("no order of the %d requests was found within a minute", len(r.operations))
	}
}

// apiCall is a request: of a user, by id, or of one of a few e-mail addresses.
type apiCall struct {
	method string // create, get, email or delete
	id     string
	email  int
}

func (c apiCall) address() string { return fmt.Sprintf("shared%d@example.com", c.email) }

// apiAnswer is what came back.
type apiAnswer struct {
	status  int
	id      string
	email   string
	version int32
}

const sharedEmails = 4

// randomCall is mostly a quick request; creating a user takes a password's hash.
func randomCall(random *rand.Rand, ids []string) apiCall {
	c := apiCall{id: ids[random.IntN(len(ids))], email: random.IntN(sharedEmails)}
	switch dice := random.IntN(100); {
	case dice < 2:
		c.method, c.id = "create", ""
	case dice < 4:
		c.method = "delete"
	case dice < 55:
		c.method = "email"
	default:
		c.method = "get"
	}
	return c
}

// recorder notes when requests began and ended and what they were answered.
type recorder struct {
	servers []*process // a client always uses the same one
	client  *http.Client
	began   time.Time

	mu         sync.Mutex
	operations []porcupine.Operation // guarded by mu
}

func (r *recorder) created() (ids []string) {
	for _, o := range r.operations {
		ids = append(ids, o.Output.(apiAnswer).id)
	}
	return ids
}

func (r *recorder) do(t *testing.T, client int, c apiCall) {
	base := r.servers[client%len(r.servers)].base
	called := time.Since(r.began)
	var status int
	var body []byte
	var err error
	switch c.method {
	case "create":
		status, body, err = sendJSON(r.client, http.MethodPost, base+"/users", map[string]any{
			"email": c.address(), "first_name": "Ada", "last_name": "Lovelace", "password": "correct horse battery"})
	case "get":
		status, body, err = sendJSON(r.client, http.MethodGet, base+"/users/"+c.id, nil)
	case "email":
		status, body, err = sendJSON(r.client, http.MethodPut, base+"/users/"+c.id+"/email", map[string]any{"email": c.address()})
	case "delete":
		status, body, err = sendJSON(r.client, http.MethodDelete, base+"/users/"+c.id, nil)
	}
	returned := time.Since(r.began)
	if err != nil || status >= 500 {
		t.Errorf("%+v: status %d, %s, %v", c, status, body, err)
		return
	}
	var got struct {
		ID, Email string
		Version   int32
	}
	if status == http.StatusOK || status == http.StatusCreated {
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations = append(r.operations, porcupine.Operation{
		ClientId: client, Call: int64(called), Return: int64(returned),
		Input: c, Output: apiAnswer{status, got.ID, got.Email, got.Version},
	})
}

// modelUser is a user in a state of usersModel.
type modelUser struct {
	id, email string
	version   int32
}

// usersModel is what one request at a time would do. A state is the users
// there are, in the order of their creation.
func usersModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return []modelUser(nil) },
		Step: func(state, input, output any) (bool, any) {
			return stepOf(state.([]modelUser), input.(apiCall), output.(apiAnswer))
		},
		Equal: func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) },
	}
}

// stepOf tells whether a is the right answer to c among these users, and which
// users there are afterwards.
func stepOf(users []modelUser, c apiCall, a apiAnswer) (right bool, after []modelUser) {
	at, owner := -1, -1
	for i, u := range users {
		if u.id == c.id {
			at = i
		}
		if u.email == c.address() {
			owner = i
		}
	}
	switch {
	case c.method == "create" && owner >= 0:
		return a.status == http.StatusConflict, users
	case c.method == "create":
		ok := a.status == http.StatusCreated && a.email == c.address() && a.version == 1
		return ok, append(users[:len(users):len(users)], modelUser{a.id, a.email, 1})
	case at < 0:
		return a.status == http.StatusNotFound, users
	case c.method == "get":
		return a.status == http.StatusOK && modelUser{a.id, a.email, a.version} == users[at], users
	case c.method == "delete":
		return a.status == http.StatusNoContent, append(users[:at:at], users[at+1:]...)
	case owner >= 0 && owner != at:
		return a.status == http.StatusConflict, users
	}
	want := users[at]
	if want.email != c.address() { // otherwise nothing changes
		want.email = c.address()
		want.version++
	}
	after = append(users[:0:0], users...)
	after[at] = want
	return a.status == http.StatusOK && modelUser{a.id, a.email, a.version} == want, after
}
