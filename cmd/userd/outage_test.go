package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// answerBound is how long any answer may take while the database is in trouble.
const answerBound = 20 * time.Second

// cluster is copies of the server on one database, and clients with users.
type cluster struct {
	servers []*process
	bases   []string
	writers []*writer
	check   func() (applied int) // compares what the clients were told with what is there
}

// startCluster starts servers that reach db at database.
func startCluster(t *testing.T, db *postgrestest.Server, database string) *cluster {
	t.Helper()
	c := &cluster{servers: startCopies(t, database, "--keep-changes=10000000")}
	for _, p := range c.servers {
		c.bases = append(c.bases, p.base)
	}
	store := openPostgres(t, db.URL())
	c.writers = newWriters(t, store, 12, 20)
	c.check = func() int { return checkBooks(t, store, c.writers) }
	return c
}

// checkRefusal tells whether a request is refused as it should be while the
// database is away, and soon.
func checkRefusal(t *testing.T, client *http.Client, method, url string, body map[string]any) {
	t.Helper()
	req, err := newJSONRequest(method, url, body)
	if err != nil {
		t.Error(err)
		return
	}
	begin := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	var problem struct{ Code string }
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil {
		t.Error(err)
	}
	if resp.StatusCode != http.StatusServiceUnavailable || problem.Code != "UNAVAILABLE" || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%s %s: %d %s, Retry-After %q", method, url, resp.StatusCode, problem.Code, resp.Header.Get("Retry-After"))
	}
	if took := time.Since(begin); took > answerBound {
		t.Errorf("%s %s took %v", method, url, took)
	}
}

// TestPostgreSQLRestartsUnderLoad: an orderly restart and a crash. Requests are
// refused meanwhile, and service comes back by itself.
func TestPostgreSQLRestartsUnderLoad(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*postgrestest.Server)
	}{{"restart", (*postgrestest.Server).Stop}, {"crash", (*postgrestest.Server).Kill}} {
		t.Run(tt.name, func(t *testing.T) {
			db := postgrestest.Start(t)
			c := startCluster(t, db, db.URL())
			load := newTraffic(t, c.writers, c.bases...)
			load.awaitChanges(t, 200)
			tt.end(db)
			client := newClient(t)
			for _, p := range c.servers {
				checkRefusal(t, client, http.MethodGet, p.base+"/users", nil)
				checkRefusal(t, client, http.MethodPost, p.base+"/users", map[string]any{
					"email": "refused@example.com", "first_name": "Ada", "last_name": "Byron", "password": "difference engine"})
				checkStatus(t, client, []*process{p}, "/readyz", http.StatusServiceUnavailable)
				checkStatus(t, client, []*process{p}, "/livez", http.StatusOK)
			}
			db.Restart(t)
			gap := load.awaitService(t, time.Now())
			load.awaitChanges(t, 100)
			load.end()
			applied := c.check()
			t.Logf("back %v after the server; %d changes acknowledged, %d refused, %d in doubt of which %d were made; the longest answer took %v",
				gap, load.acknowledged(), load.refused(), load.doubted(), applied, time.Duration(load.slowest.Load()))
		})
	}
}

// TestPoolIsExhausted: every connection that reads may use is held up by a lock
// of somebody else. Reads are refused in bounded time, readiness and changes of
// other things go on, and all is well when the lock is gone.
func TestPoolIsExhausted(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	p := start(t, "--database-url="+db.URL()+"&pool_max_conns=2")
	client := newClient(t)
	locked := lockUsers(t, db)
	var wg sync.WaitGroup
	begin := time.Now()
	for range 40 {
		wg.Go(func() { checkRefusal(t, client, http.MethodGet, p.base+"/users", nil) })
	}
	wg.Wait()
	t.Logf("40 reads by way of 2 connections that are held up: refused after %v at most", time.Since(begin))
	checkRefusal(t, client, http.MethodPost, p.base+"/users", map[string]any{
		"email": "refused@example.com", "first_name": "Ada", "last_name": "Byron", "password": "difference engine"})
	locked.Close(t.Context()) // which ends its transaction
	await(t, "recovery", func() bool {
		status, _, err := sendJSON(client, http.MethodGet, p.base+"/readyz", nil)
		return err == nil && status == http.StatusOK
	})
	checkStatus(t, client, []*process{p}, "/users", http.StatusOK)
	if n := db.Query(t, "SELECT count(*) FROM userd_users"); n != "0" {
		t.Errorf("%s users are there of those that were refused", n)
	}
}

// lockUsers locks the users against everybody else.
func lockUsers(t *testing.T, db *postgrestest.Server) *pgx.Conn {
	t.Helper()
	conn, err := db.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.PgConn().Conn().Close() })
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE userd_users"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestAnswersToCommitsAreCutOff: the commit has been made and the connection
// breaks before its answer is here. Clients are never told of a failure, for the
// server finds out by itself.
func TestAnswersToCommitsAreCutOff(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	proxy := startTCPProxy(t, db.Port)
	c := startCluster(t, db, proxy.url())
	load := newTraffic(t, c.writers, c.bases...)
	load.awaitChanges(t, 50)
	for range 20 {
		cuts := proxy.answersCut()
		proxy.set(proxyMode{cutBefore: committed})
		await(t, "an answer that is cut off", func() bool { return proxy.answersCut() > cuts })
		proxy.set(proxyMode{})
		load.awaitChanges(t, 20)
	}
	load.end()
	applied := c.check()
	t.Logf("%d answers cut off; %d changes acknowledged, %d refused, %d in doubt of which %d were made",
		proxy.answersCut(), load.acknowledged(), load.refused(), load.doubted(), applied)
}

// TestConnectionsAreCut: connections break at any moment, and for a while none
// can be made.
func TestConnectionsAreCut(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	proxy := startTCPProxy(t, db.Port)
	c := startCluster(t, db, proxy.url())
	load := newTraffic(t, c.writers, c.bases...)
	for range 20 {
		load.awaitChanges(t, 20)
		proxy.cut()
	}
	proxy.set(proxyMode{refuse: true})
	proxy.cut()
	refused := load.refused()
	await(t, "refusals", func() bool { return load.refused() > refused+100 })
	proxy.set(proxyMode{})
	gap := load.awaitService(t, time.Now())
	load.end()
	applied := c.check()
	t.Logf("back after %v; %d changes acknowledged, %d refused, %d in doubt of which %d were made; the longest answer took %v",
		gap, load.acknowledged(), load.refused(), load.doubted(), applied, time.Duration(load.slowest.Load()))
}

// TestSlowNetwork: packets are small and late, and then hardly come at all. All
// answers are right, and come in bounded time.
func TestSlowNetwork(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	proxy := startTCPProxy(t, db.Port)
	c := startCluster(t, db, proxy.url())
	load := newTraffic(t, c.writers, c.bases...)
	proxy.set(proxyMode{delay: 20 * time.Millisecond, chunk: 1000})
	load.awaitChanges(t, 50)
	proxy.set(proxyMode{delay: 3 * time.Second, chunk: 100})
	await(t, "changes that do not succeed", func() bool { return load.refused()+load.doubted() > 10 })
	proxy.set(proxyMode{})
	gap := load.awaitService(t, time.Now())
	load.awaitChanges(t, 50)
	load.end()
	applied := c.check()
	slowest := time.Duration(load.slowest.Load())
	t.Logf("back after %v; %d changes acknowledged, %d refused, %d in doubt of which %d were made; the longest answer took %v",
		gap, load.acknowledged(), load.refused(), load.doubted(), applied, slowest)
	if slowest > answerBound {
		t.Error("that is too long")
	}
}
