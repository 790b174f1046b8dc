package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

const seedRowsOfTests = `{"email":"ada@example.com","first_name":"Ada","last_name":"Lovelace","password":"notes on the engine"}
{"id":"00000000-0000-7000-8000-000000000003","email":"grace@example.com","first_name":"Grace","last_name":"Hopper","created_at":"2025-12-09T00:00:00Z"}
`

// startForTests starts a server as docs/testing.md says, with more settings.
func startForTests(t *testing.T, args ...string) *process {
	t.Helper()
	seed := site{t.TempDir()}.write(t, "users.ndjson", seedRowsOfTests)
	return start(t, append([]string{"--database-url=memory:", "--seed=" + seed,
		"--fixed-clock=2026-01-01T00:00:00Z", "--deterministic-ids"}, args...)...)
}

// story is what a client asks, one after the other. That it can name ids, cursors
// and the key beforehand is the point.
var story = []struct{ method, path, accept, key, body string }{
	{method: "GET", path: "/users?sort=-created_at&limit=1"},
	{method: "GET", path: "/health"},
	{method: "POST", path: "/users", body: `{"email":"joan@example.com","first_name":"Joan","last_name":"Clarke","password":"notes on the engine"}`},
	{method: "POST", path: "/users", body: `{"email":"joan@example.com","first_name":"","last_name":"Clarke","password":"short","x":1}`},
	{method: "POST", path: "/users:batch", body: `{"policy":"each","users":[{"email":"a@example.com","first_name":"A","last_name":"A"},{"email":"ada@example.com","first_name":"A","last_name":"A"},{"email":"b@example.com","first_name":"B","last_name":"B"}]}`},
	{method: "GET", path: "/users"},
	{method: "GET", path: "/users/00000000-0000-7000-8000-000000000002"},
	{method: "PATCH", path: "/users/00000000-0000-7000-8000-000000000004", body: `{"first_name":"Annie"}`},
	{method: "DELETE", path: "/users/00000000-0000-7000-8000-000000000003"},
	{method: "GET", path: "/users/00000000-0000-7000-8000-000000000003"},
	{method: "GET", path: "/nowhere"},
	{method: "GET", path: "/changes?limit=3"},
	{method: "GET", path: "/changes?after=VEVTVDoz"},
	{method: "GET", path: "/changes?after=VEVTVDo0", accept: "text/event-stream"},
	{method: "POST", path: "/graphql", body: `{"query":"{ changeCursor users(first: 2, orderBy: {field: EMAIL}) { totalCount edges { cursor node { id createdAt updatedAt version } } pageInfo { endCursor } } }"}`},
	{method: "POST", path: "/graphql", body: `{"query":"mutation { createUser(input: {email: \"c@example.com\", firstName: \"C\", lastName: \"C\", password: \"notes on the engine\"}) { user { id history { nodes { cursor requestId } } } errors { code } } }"}`},
	{method: "POST", path: "/graphql", body: `{"query":"{ user(id: \"00000000-0000-7000-8000-000000000099\") { id } }"}`},
	{method: "POST", path: "/graphql", body: `{"query":"{ a: user(id: \"00000000-0000-7000-8000-000000000099\") { id } b: user(id: \"\") { id } c: users(first: 0) { totalCount } d: nodes(ids: [\"x\"]) { id } }"}`},
	{method: "POST", path: "/graphql", body: `{"query":"{ nothing }"}`},
	{method: "POST", path: "/graphql", accept: "text/event-stream", body: `{"query":"subscription { userChanges(after: \"VEVTVDox\") { cursor at kind userId } }"}`},
	{method: "POST", path: "/email-confirmation-tokens", body: `{"email":"ada@example.com"}`},
	{method: "POST", path: "/email-confirmations", body: `{"token":"` + firstTestToken + `"}`},
	{method: "POST", path: "/password-reset-tokens", body: `{"email":"ada@example.com"}`},
	{method: "POST", path: "/sessions", body: `{"email":"ada@example.com","password":"notes on the engine","label":"a test"}`},
	{method: "GET", path: "/.well-known/jwks.json"},
	{method: "POST", path: "/graphql", body: `{"query":"mutation { signIn(input: {email: \"ada@example.com\", password: \"notes on the engine\"}) { grant { accessToken refreshToken session { id } } errors { code } } }"}`},
	{method: "POST", path: "/sessions/refresh", body: `{"refresh_token":"` + firstTestRefreshToken + `"}`},
	{method: "POST", path: "/keys", body: `{"name":"app","scopes":["admin"]}`},
	{method: "GET", path: "/users"},
	{method: "GET", path: "/users", key: firstTestKey},
	{method: "GET", path: "/keys", key: firstTestKey},
	{method: "POST", path: "/test/reset", key: firstTestKey},
}

// firstTestKey is the first key that a server for tests makes.
const firstTestKey = "userd_EeKgZoZvd4mbwO9wP8rrnr75ArsIJ2zK0IlIOtpM94M44gGlq"

// firstTestToken is the first one-time token, which confirms an address.
const firstTestToken = "userd_confirm_2tvznxfAWO9mx5qSjym3qVkLIyQTswQXT9J64DpM4Nf1ZDBaV"

// firstTestRefreshToken is what the first session is refreshed with.
const firstTestRefreshToken = "userd_refresh_dt2ybBMQEmV5dTrXhs2vuHxu5KdJ8Z8tfXUNeuqIIlyh2nB8GTtwGva0rd6KdiAlCr2aQ667OUDujh9WOkMQcD2q8sL8"

// tell has a server answer the story, and returns all that it says but for when.
func (p *process) tell(t *testing.T) (answers []string) {
	t.Helper()
	for _, s := range story {
		req, err := http.NewRequestWithContext(t.Context(), s.method, p.base+s.path, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {s.accept}}
		if s.key != "" {
			req.Header.Set("Authorization", "Bearer "+s.key)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Header.Del("Date")
		answer := fmt.Sprintln(s.method, s.path, resp.Status)
		for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
			answer += fmt.Sprintln(name, resp.Header[name])
		}
		answers = append(answers, answer+firstPart(t, resp))
		resp.Body.Close()
	}
	return answers
}

func TestServersForTestsAnswerTheSame(t *testing.T) {
	first := startForTests(t)
	want := first.tell(t)
	statuses := map[string]int{}
	for _, answer := range want {
		statuses[strings.Fields(answer)[2]]++
	}
	if diff := cmp.Diff(map[string]int{"200": 21, "201": 5, "204": 2, "401": 1, "404": 2, "422": 1}, statuses); diff != "" {
		t.Errorf("the story goes otherwise (-want +got):\n%s", diff)
	}
	t.Run("in another process, however often it is asked whether it is ready", func(t *testing.T) {
		second := startForTests(t)
		for range 3 {
			get(t, second.base+"/readyz")
		}
		if diff := cmp.Diff(want, second.tell(t)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("after a reset", func(t *testing.T) {
		if diff := cmp.Diff(want, first.tell(t)); diff != "" {
			t.Error(diff)
		}
	})
}

// createForTests creates a user with a password.
func createForTests(t *testing.T, p *process, email string) {
	t.Helper()
	in := values{"email": email, "first_name": "A", "last_name": "B", "password": "notes on the engine"}
	if user, _ := send(t, http.MethodPost, p.base+"/users", in).(map[string]any); user["email"] != email {
		t.Error(user)
	}
}

// A list by creation has users whom the clock gives one time as they were created.
func TestServerForTestsKeepsTheOrderOfCreation(t *testing.T) {
	p := start(t, "--database-url=memory:", "--fixed-clock=2026-01-01T00:00:00+02:00", "--deterministic-ids")
	var want []string
	for n := range 20 {
		email := fmt.Sprintf("u%d@example.com", (n*7)%20)
		want = append(want, email)
		createForTests(t, p, email)
	}
	var got []string
	for _, u := range send(t, "GET", p.base+"/users", nil).([]any) {
		user := u.(map[string]any)
		got = append(got, user["email"].(string))
		if user["created_at"] != "2025-12-31T22:00:00.000000Z" {
			t.Error(user["created_at"])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnySettingForTestsMakesAServerOneForTests(t *testing.T) {
	dir := site{t.TempDir()}
	for _, args := range [][]string{
		{"--seed=" + dir.write(t, "users.csv", "email,first_name,last_name\nada@example.com,Ada,Lovelace\n")},
		{"--fixed-clock=2026-01-01T00:00:00Z"},
		{"--deterministic-ids"},
	} {
		t.Run(args[0], func(t *testing.T) {
			p := start(t, append(args, "--database-url=memory:")...)
			p.awaitLog(t, "this server is for tests")
			before := get(t, p.base+"/users")
			createForTests(t, p, "joan@example.com")
			send(t, "POST", p.base+"/test/reset", nil)
			if after := get(t, p.base+"/users"); after != before || strings.Contains(before, "ada@") != strings.HasPrefix(args[0], "--seed") {
				t.Errorf("users %s, after a reset %s", before, after)
			}
		})
	}
}

func TestOtherServersAreNotForTests(t *testing.T) {
	p := start(t, "--database-url=memory:")
	answer, _ := send(t, "POST", p.base+"/test/reset", nil).(map[string]any)
	if answer["code"] != "NOT_FOUND" || strings.Contains(p.logged(), "for tests") {
		t.Errorf("%v\n%s", answer, p.logged())
	}
}

// In a server as it is otherwise most of these would find the gate's queue full.
func TestServerForTestsKeepsNobodyWaitingForAPassword(t *testing.T) {
	p := startForTests(t)
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() { createForTests(t, p, fmt.Sprintf("u%d@example.com", n)) })
	}
	all.Wait()
}

func TestASeedWithMistakesEndsTheStart(t *testing.T) {
	dir := site{t.TempDir()}
	twice := "email,first_name,last_name\nada@example.com,Ada,Lovelace\nADA@example.com,Ada,Lovelace\n"
	for name, tt := range map[string]struct{ file, says string }{
		"a wrong row":          {dir.write(t, "a.ndjson", "\n{\"email\":\"ada\",\"first_name\":\"Ada\",\"last_name\":\"L\"}\n"), `{"line":2,"field":"email","code":"INVALID","message":"An e-mail`},
		"what is no row":       {dir.write(t, "b.ndjson", "ada\n"), `{"line":1,"code":"INVALID","message":"A line is`},
		"a weak password":      {dir.write(t, "c.ndjson", `{"email":"a@example.com","first_name":"Ada","last_name":"L","password":"password"}`), `"field":"password","code":"PASSWORD_TOO_COMMON"`},
		"a user twice":         {dir.write(t, "d.csv", twice), `{"line":3,"field":"email","code":"EMAIL_TAKEN"`},
		"a user of the future": {dir.write(t, "e.ndjson", `{"email":"a@example.com","first_name":"Ada","last_name":"L","created_at":"2020-01-01T00:00:00Z"}`), `"field":"created_at","code":"OUT_OF_RANGE"`},
		"a wrong header":       {dir.write(t, "f.csv", "mail\n"), "f.csv"},
		"what cannot be read":  {"/proc/self/mem", "cannot read /proc/self/mem"},
		"no file":              {dir.path("none"), "none"},
		"a directory":          {dir.dir, "is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := runHere(t, nil, "serve", "--addr=127.0.0.1:0", "--database-url=memory:", "--seed="+tt.file, "--fixed-clock=2019-01-01T00:00:00Z")
			if status != exitUsage || !strings.Contains(stderr, tt.says) || strings.Contains(stderr, "listening") {
				t.Errorf("status %d, %s", status, stderr)
			}
		})
	}
}

func TestSettingsForTestsRefuseUsersWhoAreKept(t *testing.T) {
	for _, setting := range []string{"--seed=users.ndjson", "--fixed-clock=2026-01-01T00:00:00Z", "--deterministic-ids"} {
		for _, db := range []string{"file:" + filepath.Join(t.TempDir(), "userd.db"), "postgres://u@localhost/d"} {
			status, _, stderr := runHere(t, nil, "serve", setting, "--database-url="+db)
			if status != exitUsage || !strings.Contains(stderr, "--database-url=memory:") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%s on %s: status %d, %s", setting, db, status, stderr)
			}
			if _, err := os.Stat(strings.TrimPrefix(db, "file:")); err == nil {
				t.Errorf("%s made %s", setting, db)
			}
		}
	}
}

// Ids that users have, or that the seed gives to some, are left out, so that a
// seed may name some and not others.
func TestSequenceLeavesOutIDsThatAreTaken(t *testing.T) {
	store := memory.New()
	defer store.Close()
	s := newSequence(store)
	s.reserve(seedRows{{inputs: []service.ImportInput{{}, {ID: service.Some("00000000-0000-7000-8000-000000000002")}}}})
	svc := service.New(store, service.Config{NewID: s.newID})
	for range 2 {
		if _, err := svc.Import(t.Context(), []service.ImportInput{row("a@example.com"), row("b@example.com")}, service.ImportOptions{OnConflict: service.ConflictSkip}); err != nil {
			t.Fatal(err)
		}
		s.restore()
	}
	if id, err := s.newID(); err != nil || id.String() != "00000000-0000-7000-8000-000000000004" || id.Version() != 7 {
		t.Error(id, err)
	}
}

func row(email string) service.ImportInput {
	return service.ImportInput{UserInput: service.UserInput{
		Email: service.Some(email), FirstName: service.Some("Ada"), LastName: service.Some("Lovelace")}}
}
