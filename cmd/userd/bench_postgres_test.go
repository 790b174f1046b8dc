package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// Parameters of the benchmarks on PostgreSQL.
const (
	benchUsers       = 100_000
	benchConnections = 16
	benchSeconds     = 4
)

// sqlUserID is the id of a user by a number, in SQL.
const sqlUserID = `('00000000-0000-7000-8000-' || lpad(to_hex(%s::int), 12, '0'))::uuid`

// BenchmarkPostgres compares the service, over HTTP, with what pgbench gets out
// of the same server with as many connections: for reads by the same statement,
// for changes by the two statements that write a user and a change, in a
// transaction of their own, and by all statements of the service's
// transaction, lock included. All take turns on one server; the figures that
// count are the ratios, their medians over the rounds and their ranges.
//
//	go test ./cmd/userd -run '^$' -bench Postgres -benchtime 5x -timeout 30m
func BenchmarkPostgres(b *testing.B) {
	server := postgrestest.Start(b, "max_wal_size=4GB")
	url := server.NewSchema(b)
	base := startQuiet(b, "--database-url="+url)
	fillUsers(b, server, url, benchUsers)
	for _, c := range []struct {
		name   string
		script string
		limits map[string]string
	}{
		{"GET", getUser, map[string]string{"the statement": selectScript}},
		{"PUT email", putEmail, map[string]string{"two statements": leanScript, "the transaction": fullScript}},
	} {
		b.Run(c.name, func(b *testing.B) {
			ratios := make(map[string][]float64)
			for b.Loop() {
				served := requestRate(b, base, c.script)
				b.Logf("%s: %.0f/s", c.name, served)
				for name, script := range c.limits {
					bare := pgbenchRate(b, server, url, script)
					b.Logf("pgbench, %s: %.0f/s", name, bare)
					ratios[name] = append(ratios[name], served/bare)
				}
			}
			for name, r := range ratios {
				slices.Sort(r)
				unit := strings.ReplaceAll(name, " ", "-")
				b.ReportMetric(r[len(r)/2], "of-"+unit)
				b.ReportMetric(r[0], "min-of-"+unit)
				b.ReportMetric(r[len(r)-1], "max-of-"+unit)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// startQuiet starts a server that logs no requests, unless it is told to: their
// lines go nowhere, as reading them would take from the processors.
func startQuiet(b *testing.B, args ...string) (base string) {
	b.Helper()
	addr := freeAddress(b)
	startUntilKilled(b, userd(b, append([]string{"serve", "--addr=" + addr, "--log-level=warn"}, args...)...))
	base = "http://" + addr
	await(b, "the server", func() bool { return send200(http.DefaultClient, http.MethodGet, base+"/readyz", nil) == nil })
	return base
}

// fillUsers puts n users into the schema.
func fillUsers(b *testing.B, server *postgrestest.Server, url string, n int) {
	b.Helper()
	schema := url[strings.LastIndex(url, "=")+1:]
	server.Exec(b, fmt.Sprintf(`SET search_path = %s;
		INSERT INTO userd_users SELECT `+fmt.Sprintf(sqlUserID, "i")+`, 'user' || i || '@example.com', 'First', 'Last', mod(i, 10) <> 0, 1, at, at,
			'user' || i || '@example.com', 'first' || mod(i, 97), 'last' || mod(i, 1009), '$argon2id$'
		FROM (SELECT i::int AS i, timestamptz '2026-01-01Z' + i * interval '1 second' AS at FROM generate_series(1, %d) i) i;
		UPDATE userd_state SET active = (SELECT count(*) FROM userd_users WHERE is_active), inactive = (SELECT count(*) FROM userd_users WHERE NOT is_active);
		CREATE SEQUENCE bench;`, schema, n))
	server.Exec(b, "VACUUM ANALYZE")
}

func send200(client *http.Client, method, url string, body []byte) error {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}

// Requests as scripts of wrk, whose threads count from 1.
const (
	wrkSetup = `local threads = 0
function setup(thread) threads = threads + 1; thread:set("worker", threads) end
function init() math.randomseed(worker * 7919 + os.time()); count = 0; begun = os.time() end
function path() return string.format("/users/00000000-0000-7000-8000-%%012x", math.random(1, %d)) end
function `
	// wrkDone has wrk print what wrkResult reads.
	wrkDone = `function done(summary) io.write(string.format("failed: %d\n", summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout)) end
`
	getUser  = `function request() return wrk.format("GET", path()) end`
	putEmail = `wrk.headers["Content-Type"] = "application/json"
function request()
	count = count + 1
	return wrk.format("PUT", path() .. "/email", nil, string.format('{"email":"u%d.%d.%d@example.com"}', begun, worker, count))
end`
)

var wrkResult = regexp.MustCompile(`(?s)Requests/sec: +([0-9.]+).*failed: (\d+)`)

// requestRate is how many requests a second benchConnections clients get
// answered. They are wrk's, which takes as little of the processors as pgbench.
func requestRate(b *testing.B, base, script string) float64 {
	b.Helper()
	file := filepath.Join(b.TempDir(), "script.lua")
	if err := os.WriteFile(file, []byte(fmt.Sprintf(wrkSetup, benchUsers)+wrkDone+script), 0o644); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("wrk", "-t2", "-c"+strconv.Itoa(benchConnections), "-d"+strconv.Itoa(benchSeconds)+"s", "-s", file, base)
	return rateIn(b, cmd, wrkResult)
}

// rateIn runs cmd and returns the rate that it prints, which result finds; a
// second number that result finds has to be 0.
func rateIn(b *testing.B, cmd *exec.Cmd, result *regexp.Regexp) float64 {
	b.Helper()
	out, err := cmd.CombinedOutput()
	match := result.FindSubmatch(out)
	if err != nil || match == nil || len(match) > 2 && string(match[2]) != "0" {
		b.Fatalf("%s: %v: %s", cmd, err, out)
	}
	rate, err := strconv.ParseFloat(string(match[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

const benchColumns = `id, email, first_name, last_name, is_active, version, created_at, updated_at`

var (
	randomID     = `\set n random(1, ` + strconv.Itoa(benchUsers) + ")\n"
	byID         = fmt.Sprintf(sqlUserID, ":n")
	selectScript = randomID + `SELECT ` + benchColumns + ` FROM userd_users WHERE id = ` + byID + ";\n"
	updateUser   = `UPDATE userd_users SET email = 'b' || :client_id::int || '.' || nextval('bench'), email_key = 'b' || :client_id::int || '.' || currval('bench'), version = version + 1 WHERE id = ` + byID + ";\n"
	leanScript   = randomID + "BEGIN;\n" + updateUser + `INSERT INTO userd_changes SELECT -nextval('bench'), now(), 'email_changed', ` + byID +
		`, 2, '[{"field":"email","old":"user1@example.com","new":"user2@example.com"}]'::jsonb, 'anonymous', 'e407c8f7-10b3-4f68-9183-bb8f1892fb16';` + "\nCOMMIT;\n"
	fullScript = randomID + "BEGIN;\nSELECT log_id, first_seq, last_seq, active, inactive FROM userd_state FOR UPDATE;\n" +
		`SELECT * FROM userd_users WHERE id = ` + byID + ";\n" + `SELECT * FROM userd_users WHERE email_key = 'somebody@example.com';` + "\n" + updateUser +
		`INSERT INTO userd_changes SELECT last_seq + 1, now(), 'email_changed', ` + byID +
		`, 2, '[{"field":"email","old":"user1@example.com","new":"user2@example.com"}]'::jsonb, 'anonymous', 'e407c8f7-10b3-4f68-9183-bb8f1892fb16' FROM userd_state;` +
		"\nUPDATE userd_state SET last_seq = last_seq + 1;\nSELECT pg_notify('bench', '1');\nCOMMIT;\n"
)

var pgbenchTPS = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbenchRate is how many transactions a second pgbench gets out of the server.
func pgbenchRate(b *testing.B, server *postgrestest.Server, url, script string) float64 {
	b.Helper()
	program, err := postgrestest.Program("pgbench")
	if err != nil {
		b.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pgbench")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "script")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		b.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	cmd := postgrestest.Command(program, "-n", "-M", "prepared", "-c", strconv.Itoa(benchConnections), "-j", "2",
		"-T", strconv.Itoa(benchSeconds), "-f", file, "-h", "127.0.0.1", "-p", strconv.Itoa(server.Port), "-U", "postgres", "postgres")
	cmd.Env = append(cmd.Env, "PGOPTIONS=-c search_path="+url[strings.LastIndex(url, "=")+1:])
	return rateIn(b, cmd, pgbenchTPS)
}
