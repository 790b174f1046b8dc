package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// copies is how many servers share one database in these tests.
const copies = 3

// startCopies starts servers on one PostgreSQL database, all at the same time.
func startCopies(t testing.TB, database string, args ...string) []*process {
	t.Helper()
	servers := make([]*process, copies)
	for i := range servers {
		servers[i] = launch(t, append([]string{"--database-url=" + database}, args...)...)
	}
	for _, p := range servers {
		p.awaitListening(t)
	}
	return servers
}

// openPostgres opens the database beside the servers that use it.
func openPostgres(t testing.TB, database string) service.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: database, KeepChanges: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// newClient is a client that keeps its connections.
func newClient(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: deadline}
}

// seedPeople creates users without the cost of hashing passwords.
func seedPeople(t testing.TB, store service.Store, n int) (ids []string) {
	t.Helper()
	for i := range n {
		id, err := seed(store, person{Email: fmt.Sprintf("seed%d@example.com", i), FirstName: "Ada", LastName: "seed", IsActive: true, Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// TestCopiesStartTogether: of copies that find an empty database at the same
// time one makes the schema, and all of them serve.
func TestCopiesStartTogether(t *testing.T) {
	servers := startCopies(t, postgrestest.URL(t))
	client := newClient(t)
	migrations := 0
	for _, p := range servers {
		migrations += strings.Count(p.logged(), "migrated the database's schema")
		if status, answer, err := sendJSON(client, http.MethodGet, p.base+"/readyz", nil); err != nil || status != http.StatusOK {
			t.Errorf("readiness: %d %s %v", status, answer, err)
		}
	}
	if migrations != 1 {
		t.Errorf("%d copies have made the schema", migrations)
	}
}

// TestCopiesGiveAnEmailAddressOnce: of clients that want one address at the
// same time, each from another copy, one gets it and the others are told so.
func TestCopiesGiveAnEmailAddressOnce(t *testing.T) {
	database := postgrestest.URL(t)
	servers := startCopies(t, database)
	store := openPostgres(t, database)
	client := newClient(t)
	ids := seedPeople(t, store, copies)
	creations := func(base string, _ int, email string) (string, string, map[string]any) {
		return http.MethodPost, base + "/users", map[string]any{
			"email": email, "first_name": "Ada", "last_name": "Byron", "password": "difference engine"}
	}
	updates := func(base string, n int, email string) (string, string, map[string]any) {
		return http.MethodPut, base + "/users/" + ids[n] + "/email", map[string]any{"email": email}
	}
	for round := range 60 {
		request, won := updates, http.StatusOK
		if round%20 == 0 { // a password takes long
			request, won = creations, http.StatusCreated
		}
		email := fmt.Sprintf("wanted%d@example.com", round)
		statuses := make([]int, copies)
		var wg sync.WaitGroup
		for i, p := range servers {
			wg.Go(func() {
				method, url, body := request(p.base, i, email)
				var err error
				if statuses[i], _, err = sendJSON(client, method, url, body); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(statuses)
		if want := []int{won, http.StatusConflict, http.StatusConflict}; !slices.Equal(statuses, want) {
			t.Errorf("round %d: statuses %v, want %v", round, statuses, want)
		}
	}
	checkLog(t, store, peopleIn(t, store))
}

// TestCopiesCreateOnce: however often a request is sent under one key, and to
// whichever copy, it creates one user.
func TestCopiesCreateOnce(t *testing.T) {
	database := postgrestest.URL(t)
	servers := startCopies(t, database)
	store := openPostgres(t, database)
	client := newClient(t)
	create := func(base string) (int, string) {
		body := `{"email":"ada@example.com","first_name":"Ada","last_name":"Byron","password":"difference engine"}`
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/users", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"8e03978e"}}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	}
	var wg sync.WaitGroup
	for i := range 6 * copies {
		wg.Go(func() {
			if status, answer := create(servers[i%copies].base); status != http.StatusCreated && !strings.Contains(answer, "IDEMPOTENCY_KEY_IN_USE") {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
	wg.Wait()
	people := peopleIn(t, store)
	if len(people) != 1 {
		t.Fatalf("%d users", len(people))
	}
	for _, p := range servers {
		status, answer := create(p.base)
		for id := range people {
			if status != http.StatusCreated || !strings.Contains(answer, id) {
				t.Errorf("%d %s, want the user %s", status, answer, id)
			}
		}
	}
}

// TestCopiesReadEachOthersWrites: what one copy has acknowledged every other
// one shows at once, by id, in lists and in the history.
func TestCopiesReadEachOthersWrites(t *testing.T) {
	servers := startCopies(t, postgrestest.URL(t))
	client := newClient(t)
	ids := feedUsers(t, servers[0].base)
	for n := range 150 {
		writes, reads := servers[n%copies], servers[(n+1+n/copies%2)%copies]
		id := ids[n%len(ids)]
		user := "/users/" + id
		name := fmt.Sprintf("Name %d", n)
		if status, answer, err := sendJSON(client, http.MethodPatch, writes.base+user, map[string]any{"last_name": name}); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s %v", status, answer, err)
		}
		for _, path := range []string{user, "/users?q=" + url.QueryEscape(name), "/changes?limit=200&user_id=" + id} {
			if status, answer, err := sendJSON(client, http.MethodGet, reads.base+path, nil); err != nil || status != http.StatusOK || !strings.Contains(string(answer), name+`"`) {
				t.Errorf("%s on another copy: %d %s %v, want %s", path, status, answer, err, name)
			}
		}
	}
}

// TestCopiesReadEachOthersCreations: a user is there on every copy, and gone
// from every copy, once one of them says so.
func TestCopiesReadEachOthersCreations(t *testing.T) {
	servers := startCopies(t, postgrestest.URL(t))
	client := newClient(t)
	for i, p := range servers {
		status, answer, err := sendJSON(client, http.MethodPost, p.base+"/users", map[string]any{
			"email": fmt.Sprintf("new%d@example.com", i), "first_name": "Ada", "last_name": "Byron", "password": "difference engine"})
		var user struct{ ID string }
		if err != nil || status != http.StatusCreated || json.Unmarshal(answer, &user) != nil {
			t.Fatalf("%d %s %v", status, answer, err)
		}
		checkStatus(t, client, servers, "/users/"+user.ID, http.StatusOK)
		if status, _, err := sendJSON(client, http.MethodDelete, servers[(i+1)%copies].base+"/users/"+user.ID, nil); err != nil || status != http.StatusNoContent {
			t.Fatalf("deletion: %d %v", status, err)
		}
		checkStatus(t, client, servers, "/users/"+user.ID, http.StatusNotFound)
	}
}

func checkStatus(t *testing.T, client *http.Client, servers []*process, path string, want int) {
	t.Helper()
	for i, p := range servers {
		if status, answer, err := sendJSON(client, http.MethodGet, p.base+path, nil); err != nil || status != want {
			t.Errorf("copy %d: %d %s %v, want %d", i, status, answer, err, want)
		}
	}
}

// TestFeedOfOneCopyShowsTheChangesOfAll: whichever copy a subscriber has chosen,
// and over which transport, it sees the changes that clients make through all
// copies, each once and in one order.
func TestFeedOfOneCopyShowsTheChangesOfAll(t *testing.T) {
	servers := startCopies(t, postgrestest.URL(t))
	ids := feedUsers(t, servers[0].base)
	begin := len(changesOf(t, servers[0].base))
	after := lastChange(t, servers[0].base)

	var subscribers []*follower
	var following, writing sync.WaitGroup
	for _, p := range servers {
		for _, connect := range connections {
			f := &follower{connect: connect, after: after, fickle: len(subscribers)%4 == 3}
			subscribers = append(subscribers, f)
			following.Go(func() { f.run(t.Context(), newPlace(p.base)) })
		}
	}
	var made atomic.Int64
	for i, id := range ids {
		writing.Go(func() { keepRenaming(t.Context(), newPlace(servers[i%copies].base), id, &made) })
	}
	writing.Wait()
	if err := rename(t.Context(), servers[copies-1].base, ids[0], theEnd); err != nil {
		t.Fatal(err)
	}
	following.Wait()
	want := changesOf(t, servers[1].base)[begin:]
	if len(want) < changesToMake {
		t.Errorf("only %d changes were made", len(want))
	}
	for i, f := range subscribers {
		if f.err != nil || !slices.Equal(f.seen, want) {
			t.Errorf("subscriber %d: %d changes seen, of %d; %v", i, len(f.seen), len(want), f.err)
		}
	}
}

// TestCopiesAreLinearizable: clients of three copies cannot tell them from one
// server that handles one request after the other.
func TestCopiesAreLinearizable(t *testing.T) {
	for range number(t, "LINEARIZABILITY_ROUNDS", 2) {
		checkLinearizable(t, startCopies(t, postgrestest.URL(t)))
	}
}
