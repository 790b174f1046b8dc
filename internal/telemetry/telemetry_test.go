package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/userd/userd/graph"
	"github.com/userd/userd/internal/telemetry"
	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/rest"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/postgres"
)

// server is both APIs over one store, measured.
type server struct {
	t *testing.T
	*telemetry.Telemetry
	url   string
	store *moody
}

// moody is a store that fails when it is told to.
type moody struct {
	service.Store
	fail error
}

func (m *moody) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	if m.fail != nil {
		return 0, m.fail
	}
	return m.Store.CountUsers(ctx, f)
}

func serve(t *testing.T, m *telemetry.Telemetry) *server {
	t.Helper()
	s := &server{t: t, Telemetry: m, store: &moody{Store: memory.New()}}
	t.Cleanup(func() { s.store.Store.Close() })
	svc := service.New(s.Store(s.store), service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}})
	s.WatchService(svc)
	mux := http.NewServeMux()
	mux.Handle("/", rest.New(svc, rest.Config{}))
	mux.Handle(graph.Route, graph.New(svc, graph.Config{Observer: s.Operations()}))
	h := web.WithTracing(s.Spans())(web.WithObservers(s.ObserveExchange, web.DescribeSpan)(mux))
	served := httptest.NewServer(h)
	t.Cleanup(served.Close)
	s.url = served.URL
	return s
}

func plain(t *testing.T) *server { return serve(t, telemetry.New("1.2.3", noop.NewTracerProvider())) }

// send sends a request and reads its answer to the end.
func (s *server) send(method, path, body string, header ...string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return resp
}

func (s *server) create(n int) {
	s.t.Helper()
	body := fmt.Sprintf(`{"email":"user%d@example.com","first_name":"U","last_name":"Ser","password":"a long enough one"}`, n)
	if resp := s.send("POST", "/users", body); resp.StatusCode != http.StatusCreated {
		s.t.Fatal(resp.Status)
	}
}

func (s *server) query(query string) {
	s.t.Helper()
	s.send("POST", "/graphql", fmt.Sprintf(`{"query":%q}`, query))
}

// scrape is what a scrape says: values by name and labels.
func scrape(t *testing.T, m *telemetry.Telemetry) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	values := make(map[string]string)
	for line := range strings.Lines(w.Body.String()) {
		if i := strings.LastIndexByte(line, ' '); line[0] != '#' && i > 0 {
			values[line[:i]] = strings.TrimSpace(line[i:])
		}
	}
	return values
}

// about keeps what begins with prefix.
func about(values map[string]string, prefix string) map[string]string {
	kept := maps.Clone(values)
	maps.DeleteFunc(kept, func(name, _ string) bool { return !strings.HasPrefix(name, prefix) })
	return kept
}

func wants(t *testing.T, got map[string]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}

func TestScrapeTellsAKnownStory(t *testing.T) {
	s := plain(t)
	for i := range 3 {
		s.create(i)
	}
	s.send("POST", "/users", `{}`)
	s.send("GET", "/users?q=user1", "")
	for range 8 {
		s.send("POST", "/users/verify-password", `{"email": "nobody@example.com", "password": "guess"}`)
	}
	s.send("GET", "/nowhere", "")
	s.send("BREW", "/users", "")
	s.query(`query Count { users(first: 1) { totalCount } }`)
	s.query(`query Count { users(first: -1) { totalCount } }`)
	s.query(`{ changeCursor }`)
	s.query(`{ nothing }`)
	got := scrape(t, s.Telemetry)
	wants(t, got, map[string]string{
		`userd_http_requests_total{code="201",method="POST",route="/users"}`:                         "3",
		`userd_http_requests_total{code="422",method="POST",route="/users"}`:                         "1",
		`userd_http_requests_total{code="200",method="GET",route="/users"}`:                          "1",
		`userd_http_requests_total{code="404",method="GET",route="(none)"}`:                          "1",
		`userd_http_requests_total{code="405",method="other",route="/users"}`:                        "1",
		`userd_http_requests_total{code="200",method="POST",route="/graphql"}`:                       "4",
		`userd_http_request_duration_seconds_count{method="POST",route="/users"}`:                    "4",
		`userd_graphql_operations_total{operation="Count",type="query"}`:                             "2",
		`userd_graphql_operations_total{operation="(unnamed)",type="query"}`:                         "1",
		`userd_graphql_operation_duration_seconds_count{operation="Count",type="query"}`:             "2",
		`userd_graphql_errors_total{code="INVALID_INPUT",operation="Count",type="query"}`:            "1",
		`userd_graphql_errors_total{code="GRAPHQL_VALIDATION_FAILED",operation="(refused)",type=""}`: "1",
		`userd_store_call_duration_seconds_count{method="create_user"}`:                              "3",
		`userd_store_call_duration_seconds_count{method="list_users"}`:                               "8",
		`userd_password_attempts_total{outcome="ok"}`:                                                "0",
		`userd_password_attempts_total{outcome="invalid"}`:                                           "6",
		`userd_password_attempts_total{outcome="waiting"}`:                                           "2",
		`userd_users{password_scheme="argon2id"}`:                                                    "3",
		`userd_hashing_total`:         "9",
		`userd_hashing_waiting`:       "0",
		`userd_hashing_refused_total`: "0",
		`userd_change_log_newest`:     "3",
		`userd_change_feeds_open`:     "0",
		`userd_store_up`:              "1",
	})
	if len(about(got, `userd_build_info{`)) != 1 || len(about(got, "go_goroutines")) != 1 || len(about(got, "process_cpu_seconds_total")) != 1 {
		t.Error("program, runtime or process is missing")
	}
}

// Clients choose paths, methods and operations' names: none of them may become
// labels without end.
func TestLabelsStayFewWhateverClientsInvent(t *testing.T) {
	s := plain(t)
	ctx := t.Context()
	for i := range 10_000 {
		_, end := s.Operations().Begin(ctx, "query", fmt.Sprintf("Op%d", i))
		end()
	}
	s.query(`query ` + strings.Repeat("x", 1000) + ` { changeCursor }`)
	before := len(scrape(t, s.Telemetry))
	for i := range 10_000 {
		s.query(fmt.Sprintf("query Other%d { changeCursor }", i))
		if i%10 == 0 {
			s.send(fmt.Sprintf("M%d", i), fmt.Sprintf("/invented/%d?q=%d", i, i), "")
			s.send("GET", fmt.Sprintf("/users/%d", i), "")
		}
	}
	got := scrape(t, s.Telemetry)
	if after := len(got); after > before+100 {
		t.Errorf("%d series became %d", before, after)
	}
	wants(t, got, map[string]string{
		`userd_graphql_operations_total{operation="Op99",type="query"}`:          "1",
		`userd_graphql_operations_total{operation="(other)",type="query"}`:       "19901",
		`userd_http_requests_total{code="400",method="GET",route="/users/{id}"}`: "1000",
		`userd_http_requests_total{code="404",method="other",route="(none)"}`:    "1000",
	})
}

func TestStoreFailuresAreCountedButNotAnswers(t *testing.T) {
	s := plain(t)
	s.store.fail = &service.UnavailableError{Err: errors.New("away")}
	s.query(`{ users(first: 1) { totalCount } }`)
	s.send("GET", "/users/01890a5d-ac96-774b-bcce-b302099a8057", "")
	got := about(scrape(t, s.Telemetry), "userd_store_failures_total")
	want := map[string]string{`userd_store_failures_total{code="UNAVAILABLE",method="count_users"}`: "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Each method goes through to the store, and is measured under its name.
func TestStoreMeasuresEachMethod(t *testing.T) {
	m := telemetry.New("1.2.3", noop.NewTracerProvider())
	store := m.Store(memory.New())
	defer store.Close()
	svc := service.New(store, service.Config{Argon2: service.Argon2Params{Memory: 64, Passes: 1, Lanes: 1}})
	ctx := t.Context()
	u, err := svc.CreateUser(ctx, service.UserInput{Email: service.Some("ada@example.com"), FirstName: service.Some("Ada"),
		LastName: service.Some("Lovelace"), Password: service.Some("notes on the engine")})
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := svc.UpdateUserEmail(ctx, u.ID, service.Some("new@example.com"), nil)
	_, err2 := store.PasswordHash(ctx, u.ID)
	_, err3 := store.User(ctx, u.ID)
	_, err4 := store.UsersByID(ctx, nil)
	_, err5 := svc.Changes(ctx, service.ChangesInput{})
	key := service.Key{Name: "app", CreatedAt: time.Now()}
	err6 := errors.Join(store.CreateKey(ctx, key), store.TouchKey(ctx, key.Hash, time.Now()), store.RevokeKey(ctx, "app", time.Now()))
	_, err7 := store.Keys(ctx)
	item := service.Item{Kind: "session", Value: []byte("a")}
	add := []service.ItemChange{{Kind: item.Kind, Key: item.Key, New: &item}}
	_, notFound := store.Item(ctx, item.Kind, item.Key, time.Now())
	err6 = errors.Join(err6, store.ChangeItems(ctx, time.Now(), add))
	_, err8 := store.Items(ctx, service.ItemQuery{Kind: item.Kind, Limit: 1})
	if conflict := store.ChangeItems(ctx, time.Now(), add); notFound == nil || conflict == nil || err8 != nil {
		t.Errorf("%v, %v, %v", notFound, conflict, err8)
	}
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, store.Ping(ctx), svc.DeleteUser(ctx, u.ID, nil)); err != nil {
		t.Fatal(err)
	}
	got := scrape(t, m)
	for _, method := range []string{"create_user", "update_user", "password_hash", "user", "users_by_id", "changes", "change_log", "ping", "delete_user",
		"create_key", "touch_key", "revoke_key", "keys", "item", "items", "change_items"} {
		if name := `userd_store_call_duration_seconds_count{method="` + method + `"}`; got[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	if failures := about(got, "userd_store_failures_total"); len(failures) > 0 {
		t.Errorf("answers are counted as failures: %v", failures)
	}
}

func TestStoreThatIsAwayIsNotUp(t *testing.T) {
	m := telemetry.New("1.2.3", noop.NewTracerProvider())
	store := memory.New()
	m.WatchService(service.New(away{store}, service.Config{}))
	defer store.Close()
	got := scrape(t, m)
	wants(t, got, map[string]string{"userd_store_up": "0", "userd_hashing_total": "0"})
	if len(about(got, "userd_change_log_newest")) > 0 {
		t.Error("the log is told although it cannot be read")
	}
}

// away is a store that does not answer.
type away struct{ service.Store }

func (away) Ping(context.Context) error { return errors.New("away") }

func (away) ChangeLog(context.Context) (service.ChangeLogState, error) {
	return service.ChangeLogState{}, errors.New("away")
}

func TestFileConnectionsAndCommits(t *testing.T) {
	m := telemetry.New("1.2.3", noop.NewTracerProvider())
	path := filepath.Join(t.TempDir(), "users.db")
	if err := os.WriteFile(path, make([]byte, 1234), 0o600); err != nil {
		t.Fatal(err)
	}
	m.WatchFile(path)
	m.WatchConnections(func() postgres.Load {
		return postgres.Load{Open: 5, InUse: 3, Max: 8, Reading: 4, Acquired: 100, Canceled: 2, Waited: 1500 * time.Millisecond}
	})
	m.Committed(3, 20*time.Millisecond)
	m.Committed(1, 5*time.Millisecond)
	got := scrape(t, m)
	wants(t, got, map[string]string{
		`userd_file_bytes{part="database"}`: "1234", `userd_file_bytes{part="wal"}`: "",
		`userd_postgres_connections{state="in_use"}`: "3", `userd_postgres_connections{state="idle"}`: "2",
		"userd_postgres_connections_max": "8", "userd_postgres_reads": "4", "userd_postgres_acquires_total": "100",
		"userd_postgres_acquires_canceled_total": "2", "userd_postgres_acquire_seconds_total": "1.5",
		"userd_commit_duration_seconds_count": "2", "userd_commit_duration_seconds_sum": "0.025", "userd_committed_changes_total": "4",
	})
}
