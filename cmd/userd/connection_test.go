package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// TestServersBehindPgBouncer: three copies share a pooler that hands out
// connections transaction by transaction, and a feed of one shows the changes
// of all without a notification ever coming.
func TestServersBehindPgBouncer(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	c := startCluster(t, db, db.PgBouncer(t).URL("postgres"))
	client := newClient(t)
	id := feedUsers(t, c.bases[0])[0]
	after := lastChange(t, c.bases[0])
	begin := len(changesOf(t, c.bases[0]))

	subscriber := &follower{connect: openRESTEvents, after: after}
	var following sync.WaitGroup
	following.Go(func() { subscriber.run(t.Context(), newPlace(c.bases[0])) })
	for n := range 60 {
		if err := rename(t.Context(), c.bases[n%copies], id, fmt.Sprintf("Ada %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := rename(t.Context(), c.bases[1], id, theEnd); err != nil {
		t.Fatal(err)
	}
	following.Wait()
	if want := changesOf(t, c.bases[2])[begin:]; subscriber.err != nil || !slices.Equal(subscriber.seen, want) {
		t.Errorf("%d changes seen, of %d; %v", len(subscriber.seen), len(want), subscriber.err)
	}
	checkStatus(t, client, c.servers, "/readyz", http.StatusOK)
}

// TestDatabaseOverTLS: with sslmode=verify-full the server talks TLS with the
// database, and only with the one that has the right certificate.
func TestDatabaseOverTLS(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	ca := db.RequireTLS(t)
	database := func(host, ca string) string {
		return fmt.Sprintf("postgres://postgres@%s:%d/postgres?sslmode=verify-full&sslrootcert=%s", host, db.Port, ca)
	}
	p := start(t, "--database-url="+database("localhost", ca))
	checkStatus(t, newClient(t), []*process{p}, "/readyz", http.StatusOK)
	if all := db.Query(t, "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'userd'"); all != "t" {
		t.Errorf("that all connections have TLS is %s", all)
	}

	other := postgrestest.Start(t, "fsync=off").RequireTLS(t)
	for name, url := range map[string]string{
		"another name":      database("127.0.0.1", ca),
		"another authority": database("localhost", other),
		"no TLS":            fmt.Sprintf("postgres://postgres@localhost:%d/postgres?sslmode=disable", db.Port),
		"no authority":      database("localhost", filepath.Join(t.TempDir(), "missing.crt")),
	} {
		if out, err := userd(t, "serve", "--addr=127.0.0.1:0", "--database-start-timeout=1s", "--database-url="+url).CombinedOutput(); err == nil {
			t.Errorf("%s: the server serves: %s", name, out)
		}
	}
}

// TestPasswordFileIsReadAnew: the password stands in a file and changes while
// the server runs. Connections that are there stay; new ones take the new
// password, and as long as the file has the old one the server says that the
// database is away.
func TestPasswordFileIsReadAnew(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	db.RequirePassword(t, "first secret")
	file := filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wrong secret")
	out, err := userd(t, "serve", "--addr=127.0.0.1:0", "--database-url="+db.URL(), "--database-password-file="+file).CombinedOutput()
	if err == nil || strings.Contains(string(out), "wrong secret") {
		t.Errorf("with a wrong password: %v, %s", err, out)
	}
	write("first secret")
	p := start(t, "--database-url="+db.URL(), "--database-password-file="+file)
	servers := []*process{p}
	client := newClient(t)
	checkStatus(t, client, servers, "/readyz", http.StatusOK)

	db.RequirePassword(t, "second secret")
	checkStatus(t, client, servers, "/readyz", http.StatusOK)
	db.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'userd'")
	checkRefusal(t, client, http.MethodGet, p.base+"/users", nil)
	write("second secret")
	await(t, "recovery", func() bool {
		status, _, err := sendJSON(client, http.MethodGet, p.base+"/readyz", nil)
		return err == nil && status == http.StatusOK
	})
	checkStatus(t, client, servers, "/users", http.StatusOK)
}

// TestServerNeedsFewPrivileges: one role makes the schema, and the server runs
// as another one that can do no more than read and write users, changes and keys.
func TestServerNeedsFewPrivileges(t *testing.T) {
	db := postgrestest.Start(t, "fsync=off")
	db.Exec(t, "CREATE ROLE maker LOGIN; CREATE ROLE server LOGIN; GRANT CREATE ON SCHEMA public TO maker")
	as := func(role string) string {
		return "--database-url=" + strings.Replace(db.URL(), "//postgres@", "//"+role+"@", 1)
	}
	if out, err := userd(t, "serve", "--addr=127.0.0.1:0", "--no-auto-migrate", as("server")).CombinedOutput(); err == nil || !strings.Contains(string(out), "userd migrate") {
		t.Errorf("without a schema: %v, %s", err, out)
	}
	if out, err := userd(t, "migrate", as("maker")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	db.Exec(t, "GRANT SELECT, INSERT, UPDATE, DELETE ON userd_users, userd_changes, userd_keys, userd_items, userd_state, userd_schema TO server")
	p := start(t, as("server"), "--no-auto-migrate")
	client := newClient(t)
	id := feedUsers(t, p.base)[0]
	if err := rename(t.Context(), p.base, id, "Grace"); err != nil {
		t.Error(err)
	}
	if status, answer, err := sendJSON(client, http.MethodDelete, p.base+"/users/"+id, nil); err != nil || status != http.StatusNoContent {
		t.Errorf("%d %s %v", status, answer, err)
	}
	checkStatus(t, client, []*process{p}, "/changes", http.StatusOK)
	checkStatus(t, client, []*process{p}, "/readyz", http.StatusOK)
}
