package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/postgres/postgrestest"
)

// What is promised is 2 seconds after a promotion and 6 after a partition; a
// busy machine that runs the race detector gets three times that.
const (
	promotionBound = 3 * 2 * time.Second
	partitionBound = 3 * 6 * time.Second
	demotionBound  = 3 * 2 * time.Second
)

// replicated is servers on a PostgreSQL primary that waits for its standby at
// each commit, and clients that use them.
type replicated struct {
	primary, standby *postgrestest.Server
	servers          []*process
	store            service.Store // the same database, beside the servers
	writers          []*writer
}

func startReplicated(t *testing.T) *replicated {
	t.Helper()
	r := &replicated{primary: postgrestest.Start(t, "fsync=off")} // the machine does not crash
	r.standby = r.primary.Standby(t, 0)
	database := fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write",
		r.primary.Port, r.standby.Port)
	r.servers = startCopies(t, database, "--keep-changes=10000000")
	r.store = openPostgres(t, database)
	r.writers = newWriters(t, r.store, 12, 20)
	return r
}

// load has the clients begin.
func (r *replicated) load(t *testing.T) *traffic {
	t.Helper()
	var bases []string
	for _, p := range r.servers {
		bases = append(bases, p.base)
	}
	l := newTraffic(t, r.writers, bases...)
	l.awaitChanges(t, 50+rand.Int64N(400))
	return l
}

// promote makes the standby the primary and returns when it had become it.
func (r *replicated) promote(t *testing.T) time.Time {
	t.Helper()
	r.standby.Promote(t)
	return time.Now()
}

// swap notes that the standby is the primary now, and gives it a new standby
// where the old primary was.
func (r *replicated) swap(t *testing.T) {
	t.Helper()
	r.primary.Kill()
	r.primary, r.standby = r.standby, r.standby.Standby(t, r.primary.Port)
}

// finish ends the clients and compares what they were told with what is there.
func (r *replicated) finish(t *testing.T, l *traffic) (applied int) {
	t.Helper()
	l.awaitChanges(t, 50)
	l.end()
	return checkBooks(t, r.store, r.writers)
}

// follow has a subscriber on every server, which goes on after outages where it
// was. The function it returns compares what they saw with the change log.
func (r *replicated) follow(t *testing.T) (check func()) {
	t.Helper()
	after := lastChange(t, r.servers[0].base)
	begin := len(changesOf(t, r.servers[0].base))
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	var following sync.WaitGroup
	subscribers := make([]*follower, len(r.servers))
	for i, p := range r.servers {
		subscribers[i] = &follower{connect: openRESTEvents, after: after}
		following.Go(func() { subscribers[i].runThroughOutages(ctx, newPlace(p.base)) })
	}
	return func() {
		t.Helper()
		var id string
		for id = range r.writers[0].users {
			break
		}
		if err := rename(ctx, r.servers[0].base, id, theEnd); err != nil {
			t.Fatal(err)
		}
		giveUp := time.AfterFunc(deadline, stop)
		defer giveUp.Stop()
		following.Wait()
		want := changesOf(t, r.servers[0].base)[begin:]
		for i, f := range subscribers {
			if f.err != nil || !slices.Equal(f.seen, want) {
				t.Errorf("the subscriber of server %d: %d changes seen, of %d; %v", i, len(f.seen), len(want), f.err)
			}
		}
	}
}

// runThroughOutages follows the changes until the last one, and comes back when
// the server says that it cannot go on now.
func (f *follower) runThroughOutages(ctx context.Context, at *place) {
	for {
		f.run(ctx, at)
		if f.err == nil || ctx.Err() != nil {
			return
		}
		<-time.After(pace)
	}
}

// figures are measurements of several rounds.
type figures []time.Duration

func (f figures) String() string {
	slices.Sort(f)
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("median %v, longest %v", ms(f[len(f)/2]), ms(f[len(f)-1]))
}

// TestFailoverLosesNothingAcknowledged kills the primary under load and promotes
// its standby, again and again under the same servers: what was acknowledged is
// there, what was refused is not, the change log agrees, subscribers see it
// without a gap or a repetition, and service is back soon. The long form is
//
//	FAILOVER_ROUNDS=20 go test ./cmd/userd -run FailoverLosesNothing -timeout 30m -v
func TestFailoverLosesNothingAcknowledged(t *testing.T) {
	r := startReplicated(t)
	rounds := number(t, "FAILOVER_ROUNDS", 2)
	checkFeeds := r.follow(t)
	var gaps figures
	var acknowledged, refused, doubted int64
	for round := range rounds {
		l := r.load(t)
		r.primary.Kill()
		gap := l.awaitService(t, r.promote(t))
		applied := r.finish(t, l)
		t.Logf("round %d: back %v after the promotion; %d changes acknowledged, %d refused, %d in doubt of which %d were made",
			round+1, gap.Round(time.Millisecond), l.acknowledged(), l.refused(), l.doubted(), applied)
		if gap > promotionBound {
			t.Errorf("the service was back only %v after the promotion", gap)
		}
		if t.Failed() {
			return
		}
		gaps = append(gaps, gap)
		acknowledged, refused, doubted = acknowledged+l.acknowledged(), refused+l.refused(), doubted+l.doubted()
		if round+1 < rounds {
			r.swap(t)
		}
	}
	checkFeeds()
	t.Logf("%d failovers: back after the promotion: %v; %d changes acknowledged, all there; %d refused, none there; %d in doubt",
		rounds, gaps, acknowledged, refused, doubted)
}

// TestSilentPartition: the primary's machine vanishes without a word, as when a
// cable is pulled, and the standby is promoted.
func TestSilentPartition(t *testing.T) {
	r := startReplicated(t)
	var gaps figures
	for round := range number(t, "PARTITION_ROUNDS", 1) {
		if round > 0 {
			r.swap(t)
		}
		l := r.load(t)
		heal := dropPackets(t, r.primary.Port)
		gap := l.awaitService(t, r.promote(t))
		r.finish(t, l)
		heal()
		if gap > partitionBound || t.Failed() {
			t.Fatalf("the service was back %v after the promotion", gap)
		}
		gaps = append(gaps, gap)
	}
	t.Logf("back after a silent partition and a promotion: %v", gaps)
}

// dropPackets loses all packets from and to a port until the function it
// returns is called.
func dropPackets(t *testing.T, port int) (heal func()) {
	t.Helper()
	rules := [][]string{
		{"OUTPUT", "-o", "lo", "-p", "tcp", "--dport", strconv.Itoa(port), "-j", "DROP"},
		{"OUTPUT", "-o", "lo", "-p", "tcp", "--sport", strconv.Itoa(port), "-j", "DROP"},
	}
	healed := false
	heal = func() {
		if healed {
			return
		}
		healed = true
		for _, rule := range rules {
			asRoot(t, "iptables", append([]string{"-w", "-D"}, rule...)...)
		}
	}
	for _, rule := range rules {
		asRoot(t, "iptables", append([]string{"-w", "-I"}, rule...)...)
	}
	t.Cleanup(heal)
	return heal
}

// asRoot runs a program that only root may use.
func asRoot(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(needProgram(t, program), args...)
	if !isRoot() {
		cmd = exec.Command(needProgram(t, "sudo"), append([]string{"-n", cmd.Path}, args...)...)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", program, args, err, out)
	}
}

// TestPrimaryThatHangs: the primary's machine takes packets and answers nothing,
// which only time limits can tell from a long wait, and the standby is promoted.
func TestPrimaryThatHangs(t *testing.T) {
	r := startReplicated(t)
	l := r.load(t)
	r.primary.Freeze()
	gap := l.awaitService(t, r.promote(t))
	r.finish(t, l)
	r.primary.Kill()
	t.Logf("back %v after the promotion; the longest answer took %v", gap, time.Duration(l.slowest.Load()))
	if gap > answerBound || time.Duration(l.slowest.Load()) > answerBound {
		t.Error("that is too late")
	}
}

// TestDemotedPrimaryIsLeft: the primary goes on as a server that takes no
// writes, all connections to it stay, and the standby is promoted. Every
// server finds that out by itself, those that only read or listen too.
func TestDemotedPrimaryIsLeft(t *testing.T) {
	r := startReplicated(t)
	l := r.load(t)
	r.primary.Exec(t, "ALTER SYSTEM SET default_transaction_read_only = on")
	r.primary.Exec(t, "SELECT pg_reload_conf()")
	promoted := r.promote(t)
	gap := l.awaitService(t, promoted)
	// Sessions that wait for the standby, or for those that do, have lost their
	// clients without noticing.
	const inUse = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'userd'
		AND wait_event IS DISTINCT FROM 'SyncRep' AND wait_event_type IS DISTINCT FROM 'Lock'
		AND (state <> 'idle' OR query LIKE 'LISTEN%' OR query_start > now() - interval '1s')`
	r.primary.Await(t, "0", inUse)
	left := max(0, time.Since(promoted)-time.Second) // it has not been used for a second
	r.finish(t, l)
	if r.primary.Query(t, inUse) != "0" {
		t.Error("the demoted primary is used again")
	}
	t.Logf("back %v after the promotion; no session on the demoted primary was used later than %v after it", gap, left)
	if gap > demotionBound || left > demotionBound {
		t.Error("that is too late")
	}
}

// TestStandbyThatIsGone: commits wait for a standby that is not there. Clients
// learn in bounded time that the outcome is unknown, or that nothing was
// changed, and both hold after the standby has become the primary.
func TestStandbyThatIsGone(t *testing.T) {
	r := startReplicated(t)
	l := r.load(t)
	r.standby.Kill()
	before := l.acknowledged()
	await(t, "requests in doubt and refused ones", func() bool { return l.doubted() > 0 && l.refused() > 100 })
	if more := l.acknowledged() - before; more > int64(len(r.writers)) {
		t.Errorf("%d changes were acknowledged without a standby", more)
	}
	r.primary.Kill()
	r.standby.Restart(t)
	gap := l.awaitService(t, r.promote(t))
	applied := r.finish(t, l)
	t.Logf("back %v after the promotion; %d changes refused, %d in doubt of which %d were made; the longest answer took %v",
		gap, l.refused(), l.doubted(), applied, time.Duration(l.slowest.Load()))
	if gap > promotionBound {
		t.Error("that is too late")
	}
}

// cancelWaits has the server stop waiting for its standby, as a worried
// operator may: commits then are there for others to see, but not safe.
const cancelWaits = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

// TestCancelledWaitIsNoSuccess: the wait for the standby is cancelled, and the
// change is lost with the primary. Nobody may have been told that it was made.
func TestCancelledWaitIsNoSuccess(t *testing.T) {
	r := startReplicated(t)
	l := r.load(t)
	r.standby.Kill()
	for range 3 {
		r.primary.Await(t, "1", cancelWaits)
	}
	r.primary.Kill()
	r.standby.Restart(t)
	l.awaitService(t, r.promote(t))
	applied := r.finish(t, l)
	t.Logf("%d changes refused, %d in doubt of which %d were made", l.refused(), l.doubted(), applied)
}

// TestRepetitionOfAnUnsafeChangeIsNoSuccess: a client repeats, on another copy,
// a change that is there but not safe. There is nothing left to do for it, and
// still success would be a promise that the failover breaks.
func TestRepetitionOfAnUnsafeChangeIsNoSuccess(t *testing.T) {
	r := startReplicated(t)
	client := newClient(t)
	var id string
	for id = range r.writers[0].users {
		break
	}
	r.standby.Kill()
	change := func(p *process) (status int) {
		status, _, err := sendJSON(client, http.MethodPatch, p.base+"/users/"+id, map[string]any{"last_name": "Unsafe"})
		if err != nil {
			t.Error(err)
		}
		return status
	}
	first := make(chan int, 1)
	go func() { first <- change(r.servers[0]) }()
	r.primary.Await(t, "1", cancelWaits)
	r.primary.Await(t, "Unsafe", "SELECT last_name FROM userd_users WHERE id = '"+id+"'")
	if status := change(r.servers[1]); status != http.StatusGatewayTimeout && status != http.StatusServiceUnavailable {
		t.Errorf("the repetition on another copy: status %d", status)
	}
	if status := <-first; status != http.StatusGatewayTimeout {
		t.Errorf("the change itself: status %d", status)
	}
}

// TestWaitCancelledAfterTheFailover: a commit waits on the old primary for its
// standby, which is the primary already, and the wait is cancelled there. The
// server learns that the commit succeeded, and must not believe it.
func TestWaitCancelledAfterTheFailover(t *testing.T) {
	r := startReplicated(t)
	client := newClient(t)
	var id string
	for id = range r.writers[0].users {
		break
	}
	r.standby.Kill()
	answer := make(chan int, 1)
	go func() {
		status, _, err := sendJSON(client, http.MethodPatch, r.servers[0].base+"/users/"+id, map[string]any{"last_name": "Unsafe"})
		if err != nil {
			t.Error(err)
		}
		answer <- status
	}()
	r.primary.Await(t, "1", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	r.standby.Orphan(t)
	r.standby.Restart(t)
	r.promote(t)
	r.primary.Exec(t, "ALTER SYSTEM SET default_transaction_read_only = on")
	r.primary.Exec(t, "SELECT pg_reload_conf()")
	r.primary.Await(t, "1", cancelWaits)
	status := <-answer
	made := r.standby.Query(t, "SELECT last_name FROM userd_users WHERE id = '"+id+"'") == "Unsafe"
	if made != (status == http.StatusOK) && status != http.StatusGatewayTimeout {
		t.Errorf("the answer is %d, and that the change is there is %v", status, made)
	}
}
