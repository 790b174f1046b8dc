package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// metric is the value of a metric without labels.
func metric(t testing.TB, ops, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(get(t, ops+"/metrics"))
	if found == nil {
		t.Fatalf("there is no metric %s", name)
	}
	value, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// open opens a connection to p and writes text.
func (p *process) open(t testing.TB, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Clients that never finish what they send are cut off, and take nothing from
// others meanwhile.
func TestClientsThatDawdleAreCutOff(t *testing.T) {
	p := start(t, "--database-url=memory:", "--read-header-timeout=300ms", "--read-timeout=600ms")
	for name, text := range map[string]string{
		"nothing": "", "a part of the first line": "GET /use", "headers without an end": "GET /users HTTP/1.1\r\nHost: x\r\nX-A: ",
		"a body that stops": "POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			var conns []net.Conn
			for range 200 {
				conns = append(conns, p.open(t, text))
			}
			get(t, p.base+"/users")
			for _, conn := range conns {
				if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
					t.Fatalf("it is not cut off: %v", err)
				}
			}
		})
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	p, ops := startWithOps(t, "--database-url=memory:")
	for range 20 {
		conn := p.open(t, "GET /users HTTP/1.1\r\nHost: x\r\n")
		go func() { // until the server has had enough
			line := "X-Huge: " + strings.Repeat("x", 1000) + "\r\n"
			for range 10_000 {
				if _, err := io.WriteString(conn, line); err != nil {
					return
				}
			}
		}()
		status, err := bufio.NewReader(conn).ReadString('\n')
		if err == nil && !strings.Contains(status, "431") {
			t.Errorf("answered %q", status)
		}
	}
	get(t, p.base+"/users")
	if memory := metric(t, ops, "process_resident_memory_bytes"); memory > 512<<20 {
		t.Errorf("it took %.0f MiB", memory/(1<<20))
	}
}

// Ten thousand connections that do nothing cost memory and no time.
func TestIdleConnectionsCostLittle(t *testing.T) {
	idle := 10_000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < uint64(idle)+500 {
		t.Skipf("too few files may be open: %d", limit.Max)
	}
	p, ops := startWithOps(t, "--database-url=memory:", "--max-connections=10100")
	before := metric(t, ops, "process_resident_memory_bytes")
	for range idle {
		conn := p.open(t, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); err != nil || !strings.Contains(status, "200") {
			t.Fatal(status, err)
		}
	}
	start := time.Now()
	for range 100 {
		get(t, p.base+"/users")
	}
	took, memory := time.Since(start)/100, metric(t, ops, "process_resident_memory_bytes")-before
	t.Logf("%d idle connections take %.1f KiB each; a request beside them %v", idle, memory/float64(idle)/1024, took)
	if took > 100*time.Millisecond || memory > 256*1024*float64(idle) { // the race detector takes most of it
		t.Error("that is too much")
	}
}

// outcomes are what came of a load.
type outcomes struct {
	seconds          float64
	served, refused  int
	servedIn, saidIn []time.Duration // how long the served and the refused waited
	other            []string
}

func (o *outcomes) goodput() float64 { return float64(o.served) / o.seconds }

// percentile is the nth percentile of times.
func percentile(times []time.Duration, n int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)*n/100]
}

// ownCPU is how many seconds of CPU this process, which makes the load, has used.
func ownCPU(t *testing.T) float64 {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// offer sends requests at a rate, whatever becomes of the ones before.
func (p *process) offer(t *testing.T, rate float64, lasting time.Duration, n *atomic.Int64) *outcomes {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all sync.WaitGroup
	o := new(outcomes)
	began := time.Now()
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for time.Since(began) < lasting {
		<-tick.C
		all.Go(func() {
			sent := time.Now()
			status, retry, err := create(t.Context(), client, p.base, n.Add(1))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case status == http.StatusCreated:
				o.served, o.servedIn = o.served+1, append(o.servedIn, time.Since(sent))
			case status == http.StatusServiceUnavailable && retry != "":
				o.refused, o.saidIn = o.refused+1, append(o.saidIn, time.Since(sent))
			default:
				o.other = append(o.other, fmt.Sprint(status, err))
			}
		})
	}
	all.Wait()
	o.seconds = time.Since(began).Seconds()
	return o
}

// create creates the nth user.
func create(ctx context.Context, client *http.Client, base string, n int64) (status int, retryAfter string, err error) {
	body := fmt.Sprintf(`{"email":"user%d@example.com","first_name":"U","last_name":"Ser","password":"a long enough one"}`, n)
	return postAt(ctx, client, base+"/users", body)
}

// postAt posts a body and returns the answer's status and Retry-After.
func postAt(ctx context.Context, client *http.Client, url, body string) (status int, retryAfter string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Retry-After"), err
}

// best is the rate at which as many clients as can be served at once create
// users, each when the one before is answered.
func (p *process) best(t *testing.T, lasting time.Duration, n *atomic.Int64) float64 {
	t.Helper()
	began := time.Now()
	var served atomic.Int64
	var clients sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)-1) + 1 { // one waits, so that no slot is ever empty
		clients.Go(func() {
			for time.Since(began) < lasting {
				if status, _, _ := create(t.Context(), http.DefaultClient, p.base, n.Add(1)); status == http.StatusCreated {
					served.Add(1)
				}
			}
		})
	}
	clients.Wait()
	return float64(served.Load()) / time.Since(began).Seconds()
}

// Past what can be hashed as much is served as ever, in bounded time, and the
// rest is refused at once. What refusing costs is told by the CPU that the
// server takes for each request that it serves: on a machine that others use,
// the rate alone tells more about them. OVERLOAD_SECONDS has each load last longer.
func TestOverloadIsRefusedAndDoesNotSlowTheRest(t *testing.T) {
	lasting := 3 * time.Second
	if seconds, err := strconv.Atoi(os.Getenv("OVERLOAD_SECONDS")); err == nil {
		lasting = time.Duration(seconds) * time.Second
	}
	p, ops := startWithOps(t, "--database-url=memory:")
	cpu := func() float64 { return metric(t, ops, "process_cpu_seconds_total") }
	var n atomic.Int64
	p.best(t, time.Second, &n) // to warm up
	began := cpu()
	best := p.best(t, lasting, &n)
	least := (cpu() - began) / (best * lasting.Seconds())
	for _, times := range []float64{2, 5} {
		began, generating := cpu(), ownCPU(t)
		o := p.offer(t, times*best, lasting, &n)
		serving, generating := cpu()-began, ownCPU(t)-generating
		share := least / (serving / float64(o.served))
		memory := metric(t, ops, "process_resident_memory_bytes")
		t.Logf("%.0f × %.1f/s offered: %.0f %% of it served, %.0f %% for the same CPU, p99 %v; %d refused, median %v, p99 %v; %.0f MiB; %.2f CPUs for it and %.2f for its clients",
			times, best, 100*o.goodput()/best, 100*share, percentile(o.servedIn, 99), o.refused, percentile(o.saidIn, 50), percentile(o.saidIn, 99),
			memory/(1<<20), serving/o.seconds, generating/o.seconds)
		if len(o.other) > 0 {
			t.Errorf("%d requests got something else: %.200q", len(o.other), o.other)
		}
		if o.goodput() < 0.5*best || share < 0.85 || o.refused == 0 && times > 2 {
			t.Errorf("%.1f/s served of %.1f/s, %d refused", o.goodput(), best, o.refused)
		}
		if refused, served := percentile(o.saidIn, 50), percentile(o.servedIn, 50); refused > served/5 {
			t.Errorf("half of the refused waited for %v to be told so, where half of the served waited for %v", refused, served)
		}
		if p99 := percentile(o.servedIn, 99); p99 > 7*time.Second { // the wait for a slot, and hashing
			t.Errorf("one in a hundred was served after %v", p99)
		}
		if memory > 512<<20 { // the race detector takes most of it
			t.Errorf("it took %.0f MiB", memory/(1<<20))
		}
	}
}

// A server that has done everything many times is as large as after a few
// times. SOAK_ROUNDS has it go on for longer.
func TestSoakLeavesNothingBehind(t *testing.T) {
	rounds := 4
	if n, err := strconv.Atoi(os.Getenv("SOAK_ROUNDS")); err == nil {
		rounds = n
	}
	p, ops := startWithOps(t, "--database-url=memory:", "--keep-changes=500")
	heap := func() (bytes, goroutines float64) {
		get(t, ops+"/debug/pprof/heap?gc=1&debug=1") // collects what is garbage
		return metric(t, ops, "go_memstats_heap_alloc_bytes"), metric(t, ops, "go_goroutines")
	}
	var first, last, goroutines float64
	for round := range rounds {
		for i := range 40 {
			p.cycle(t, round*40+i)
		}
		if last, goroutines = heap(); round == 1 { // caches are full by now
			first = last
		}
	}
	t.Logf("%.1f MiB after two rounds, %.1f MiB after %d, with %.0f goroutines", first/(1<<20), last/(1<<20), rounds, goroutines)
	if last > 1.2*first+2<<20 || goroutines > 200 {
		t.Error("something stays behind")
	}
}

// cycle creates a user, does everything to it, follows it, and deletes it.
func (p *process) cycle(t *testing.T, n int) {
	t.Helper()
	_, created := ask(t, "POST", p.base+"/users", fmt.Sprintf(`{"email":"user%d@example.com","first_name":"U","last_name":"Ser","password":"a long enough one"}`, n))
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(created)
	if id == nil {
		t.Fatalf("not created: %s", created)
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	user := p.base + "/users/" + id[1]
	ask(t, "PATCH", user, `{"first_name":"Other"}`)
	ask(t, "PUT", user+"/email", fmt.Sprintf(`{"email":"new%d@example.com"}`, n))
	ask(t, "GET", p.base+"/users?q=new", "")
	ask(t, "POST", p.base+"/graphql", `{"query":"query Soak { users(first: 5) { totalCount nodes { id email } } }"}`)
	if status, _ := ask(t, "DELETE", user, ""); status != http.StatusNoContent {
		t.Fatalf("not deleted: %d", status)
	}
}
