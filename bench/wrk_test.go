package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// contender is a server and what it is asked.
type contender struct {
	name   string
	server *server
	// script is how wrk makes requests; see [getting] and [posting].
	script string
	// clients is how many there are; zero means the run's default.
	clients int
}

// quoted is s as a string of Lua.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// getting asks for a path.
func getting(path string) string { return "wrk.path = " + quoted(path) + "\n" }

// posting sends JSON to a path.
func posting(path, body string) string {
	return getting(path) + "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = " + quoted(body) + "\n"
}

// puttingEmail gives users, whose numbers go from 1 to n, addresses that nobody has had.
func puttingEmail(n int) string {
	return fmt.Sprintf(`wrk.headers["Content-Type"] = "application/json"
function init() math.randomseed(os.time()); count = 0; begun = os.time() .. "." .. math.random(1000000) end
function request()
	count = count + 1
	return wrk.format("PUT", string.format("/users/%s%%012x/email", math.random(1, %d)), nil, string.format('{"email":"u%%s.%%d@example.com"}', begun, count))
end
`, idPrefix, n)
}

// gettingAny asks for one of these users after the other, by chance.
func gettingAny(n int) string {
	return fmt.Sprintf(`function init() math.randomseed(os.time()) end
function request() return wrk.format("GET", string.format("/users/%s%%012x", math.random(1, %d))) end
`, idPrefix, n)
}

// told has wrk tell its results as JSON.
const told = `
function done(summary, latency)
	io.write(string.format('\n{"requests":%d,"microseconds":%d,"failed":%d,"p99":%f}\n', summary.requests, summary.duration,
		summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, latency:percentile(99)))
end
`

// load has wrk ask c for a while. No request may fail.
func (l *lab) load(t testing.TB, c contender, d time.Duration) turn {
	t.Helper()
	script := t.TempDir() + "/script.lua"
	if err := os.WriteFile(script, []byte(c.script+told), 0o644); err != nil {
		t.Fatal(err)
	}
	clients := c.clients
	if clients == 0 {
		clients = l.connections
	}
	before := c.server.cpu()
	seconds := strconv.Itoa(max(1, int(d.Seconds())))
	out, err := exec.Command("wrk", "-t1", "-c"+strconv.Itoa(clients), "-d"+seconds+"s", "-s", script, c.server.base).CombinedOutput()
	if err != nil {
		t.Fatalf("wrk: %v: %s", err, out)
	}
	used := c.server.cpu() - before
	var r struct{ Requests, Microseconds, Failed, P99 float64 }
	if err := json.Unmarshal(out[strings.LastIndex(strings.TrimSpace(string(out)), "\n")+1:], &r); err != nil || r.Failed > 0 || r.Requests == 0 {
		t.Fatalf("%s: %v: %s", c.name, err, out)
	}
	return turn{rate: r.Requests / r.Microseconds * 1e6, p99: r.P99 / 1000, cpu: float64(used.Microseconds()) / r.Requests}
}
