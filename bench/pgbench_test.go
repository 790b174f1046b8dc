package bench

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// pgConnections are how many clients pgbench and the service have.
const pgConnections = 16

// statements compares the service, over HTTP, with what pgbench gets out of the
// same server by the same statements on as many connections.
func (l *lab) statements(t *testing.T, db *postgrestest.Server, url string, userd *server) {
	schema := url[strings.LastIndex(url, "=")+1:]
	db.Exec(t, "CREATE SEQUENCE "+schema+".bench")
	for _, c := range []struct {
		name, request string
		limits        map[string]string
	}{
		{"GET /users/{id}", gettingAny(l.manyUsers), map[string]string{"its statement": selectScript}},
		{"PUT /users/{id}/email", puttingEmail(l.manyUsers), map[string]string{"its transaction": wholeScript, "the two statements that write": writesScript}},
	} {
		d := detail{title: c.name + ", PostgreSQL, 16 connections", turns: make(map[string][]turn)}
		names := slices.Sorted(maps.Keys(c.limits))
		d.names = append([]string{"userd"}, names...)
		for range l.rounds {
			d.turns["userd"] = append(d.turns["userd"], l.load(t, contender{name: c.name, server: userd, script: c.request, clients: pgConnections}, l.turn))
			for _, name := range names {
				d.turns[name] = append(d.turns[name], turn{rate: l.pgbench(t, db, schema, c.limits[name])})
			}
		}
		l.details = append(l.details, d)
		for _, name := range names {
			l.note(t, c.name+" on PostgreSQL, of pgbench with "+name, ratios(d.turns, "userd", name)...)
		}
	}
}

const columns = `id, email, first_name, last_name, is_active, version, created_at, updated_at`

// Scripts of pgbench: the statements that the service makes, each by itself.
const (
	byID         = `('` + idPrefix + `' || lpad(to_hex(:n::int), 12, '0'))::uuid`
	selectScript = `SELECT ` + columns + ` FROM userd_users WHERE id = ` + byID + ";\n"
	updateUser   = `UPDATE userd_users SET email = 'b' || :client_id::int || '.' || nextval('bench'), email_key = 'b' || :client_id::int || '.' || currval('bench'), version = version + 1 WHERE id = ` + byID + ";\n"
	change       = `now(), 'email_changed', ` + byID + `, 2, '[{"field":"email","old":"user1@example.com","new":"user2@example.com"}]'::jsonb, 'anonymous', 'e407c8f7-10b3-4f68-9183-bb8f1892fb16'`
	writesScript = "BEGIN;\n" + updateUser + `INSERT INTO userd_changes SELECT -nextval('bench'), ` + change + ";\nCOMMIT;\n"
	wholeScript  = "BEGIN;\nSELECT log_id, first_seq, last_seq, active, inactive FROM userd_state FOR UPDATE;\n" +
		`SELECT * FROM userd_users WHERE id = ` + byID + ";\n" + `SELECT * FROM userd_users WHERE email_key = 'somebody@example.com';` + "\n" +
		updateUser + `INSERT INTO userd_changes SELECT last_seq + 1, ` + change + " FROM userd_state;\n" +
		"UPDATE userd_state SET last_seq = last_seq + 1;\nSELECT pg_notify('bench', '1');\nCOMMIT;\n"
)

var pgbenchTPS = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench is how many transactions a second it gets out of the server.
func (l *lab) pgbench(t testing.TB, db *postgrestest.Server, schema, sql string) float64 {
	t.Helper()
	program, err := postgrestest.Program("pgbench")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(postgrestest.Dir(t), "script")
	if err := os.WriteFile(file, []byte(fmt.Sprintf("\\set n random(1, %d)\n", l.manyUsers)+sql), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := postgrestest.Command(program, "-n", "-M", "prepared", "-c", strconv.Itoa(pgConnections), "-j", "1",
		"-T", strconv.Itoa(int(l.turn.Seconds())), "-f", file, "-h", "127.0.0.1", "-p", strconv.Itoa(db.Port), "-U", "postgres", "postgres")
	cmd.Env = append(cmd.Env, "PGOPTIONS=-c search_path="+schema)
	out, err := cmd.CombinedOutput()
	match := pgbenchTPS.FindSubmatch(out)
	if err != nil || match == nil {
		t.Fatalf("pgbench: %v: %s", err, out)
	}
	tps, err := strconv.ParseFloat(string(match[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return tps
}
