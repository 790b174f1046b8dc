package service_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// limited is an open service whose actors may write twice and read once a
// second, twenty and ten at once.
func limited(t *testing.T) *world {
	return newWorldWith(t, service.Config{Argon2: cheap, Rates: service.RateLimits{Writes: 2, Reads: 1}})
}

// from is a context of somebody anonymous at an address.
func from(t *testing.T, addr string) context.Context {
	return service.WithClient(t.Context(), netip.MustParseAddr(addr))
}

// spendAll calls until it is refused, and returns how often it was not, and for
// how long it is to wait.
func spendAll(t *testing.T, call func() error) (done int, wait time.Duration) {
	t.Helper()
	for ; done < 10_000; done++ {
		err := call()
		if service.CodeOf(err) == service.CodeRateLimited {
			return done, wantError[*service.RateLimitedError](t, err, service.CodeRateLimited).RetryAfter
		}
	}
	t.Fatal("there is no limit")
	return 0, 0
}

func TestOperationsAreSavedUpAndSpent(t *testing.T) {
	w := limited(t)
	ctx := from(t, "192.0.2.1")
	read := func() error { return first(w.CountUsers(ctx, none)) }
	for _, tt := range []struct {
		after, wait time.Duration
		done        int
	}{
		{0, time.Second, 10},
		{999 * time.Millisecond, time.Millisecond, 0},
		{time.Millisecond, time.Second, 1},
		{2500 * time.Millisecond, time.Second / 2, 2},
		{time.Hour, time.Second, 10},
	} {
		w.now = w.now.Add(tt.after)
		if done, wait := spendAll(t, read); done != tt.done || wait != tt.wait {
			t.Errorf("%v later: %d done, %v to wait; want %d and %v", tt.after, done, wait, tt.done, tt.wait)
		}
	}
	if done, wait := spendAll(t, func() error { return w.DeleteUser(ctx, someID, nil) }); done != 20 || wait != time.Second/2 {
		t.Errorf("of writing: %d done, %v to wait", done, wait)
	}
}

func TestEachActorHasAnAllowanceOfItsOwn(t *testing.T) {
	w := limited(t)
	for _, ctx := range []context.Context{
		from(t, "192.0.2.1"), from(t, "192.0.2.2"), from(t, "2001:db8::1"), t.Context(),
		as(t, service.KeyActor("app", service.Scopes())), as(t, service.KeyActor("other", service.Scopes())), as(t, service.TokenActor("app", service.Scopes())),
	} {
		if done, _ := spendAll(t, func() error { return first(w.CountUsers(ctx, none)) }); done != 10 {
			t.Errorf("%v at %v read %d times", service.ActorOf(ctx), service.ClientOf(ctx), done)
		}
	}
	elsewhere := service.WithActor(from(t, "192.0.2.3"), service.KeyActor("app", service.Scopes()))
	for name, ctx := range map[string]context.Context{"a key at another address": elsewhere, "another address of a /64": from(t, "2001:db8::2")} {
		if done, _ := spendAll(t, func() error { return first(w.CountUsers(ctx, none)) }); done != 0 {
			t.Errorf("%s read %d times more", name, done)
		}
	}
}

// Each method counts, and what is refused changes nothing.
func TestEveryOperationIsCounted(t *testing.T) {
	w := limited(t)
	ctx := from(t, "192.0.2.1")
	ada, bob := w.pair(t)
	before, err := w.ChangeCursor(root(t))
	if err != nil {
		t.Fatal(err)
	}
	spendAll(t, func() error { return first(w.CountUsers(ctx, none)) })
	spendAll(t, func() error { return w.DeleteUser(ctx, someID, nil) })
	all := calls(ada, bob)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		want := string(service.CodeRateLimited)
		if name == "ping" || name == "public keys" { // answered from memory, to everybody
			want = "done"
		}
		if got := verdict(all[name](ctx, w.Service)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if after, err := w.ChangeCursor(root(t)); after != before || err != nil {
		t.Errorf("something has changed, %v", err)
	}
}

// What is forbidden or wrong counts as well: guesses are such.
func TestFailedAttemptsCount(t *testing.T) {
	w := limited(t)
	for name, try := range map[string]call{
		"a wrong password": func(ctx context.Context, s *service.Service) error {
			return first(s.VerifyPassword(ctx, login(uuid.NewString()+"@example.com", "guess")))
		},
		"wrong input": func(ctx context.Context, s *service.Service) error {
			return first(s.CreateUser(ctx, service.UserInput{}))
		},
	} {
		ctx := as(t, service.KeyActor(name, service.Scopes()))
		if done, _ := spendAll(t, func() error { return try(ctx, w.Service) }); done != 20 {
			t.Errorf("%s: %d attempts", name, done)
		}
	}
	forbidden := as(t, service.KeyActor("nothing", nil))
	if done, _ := spendAll(t, func() error { return w.DeleteUser(forbidden, someID, nil) }); done != 20 {
		t.Errorf("what is forbidden: %d attempts", done)
	}
}

// Refreshing is counted however it turns out: a token that is good signs another
// one each time, and within the time of grace that is the same token.
func TestRefreshingIsBounded(t *testing.T) {
	w := limited(t)
	g := w.signIn(t, w.create(t, "ada@example.com").Email)
	for i, token := range []string{g.RefreshToken, changedDigit(g.RefreshToken), "guess"} {
		ctx := from(t, fmt.Sprintf("192.0.2.%d", i))
		if done, _ := spendAll(t, func() error { return first(w.RefreshSession(ctx, token)) }); done != 20 {
			t.Errorf("it was refreshed %d times", done)
		}
		if done, _ := spendAll(t, func() error { return first(w.SignOut(ctx, token)) }); done != 0 {
			t.Errorf("it was signed out %d times", done)
		}
	}
	w.refresh(t, w.refresh(t, g.RefreshToken).RefreshToken)
}

// Guesses at one-time tokens are counted, and cost no hash.
func TestGuessesAtTokensAreBounded(t *testing.T) {
	w := limited(t)
	for name, k := range tokenKinds {
		ctx := as(t, service.KeyActor(name, []service.Scope{service.ScopeUsersVerify}))
		if done, _ := spendAll(t, func() error { return first(k.redeem(w.Service, ctx, "userd_reset_guess")) }); done != 20 {
			t.Errorf("%s: %d guesses", name, done)
		}
	}
	if hashed := w.Hashing().Entered; hashed != 0 {
		t.Errorf("%d hashes", hashed)
	}
}

// A batch is let in while there is anything left, and then paid for in full.
func TestABatchCountsForAllItsUsers(t *testing.T) {
	w := limited(t)
	ctx := from(t, "192.0.2.1")
	w.createMany(t, ctx, 100)
	if done, wait := spendAll(t, func() error { return w.DeleteUser(ctx, someID, nil) }); done != 0 || wait != 81*time.Second/2 {
		t.Errorf("%d done, %v to wait: 80 operations too many have been spent", done, wait)
	}
	if _, err := w.CreateUsers(from(t, "192.0.2.2"), nil, service.BatchAllOrNothing); err != nil {
		t.Error(err)
	}
}

func TestFollowingIsOneOperation(t *testing.T) {
	w := limited(t)
	ctx := from(t, "192.0.2.1")
	feed, err := w.FollowChanges(ctx, service.ChangesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if _, err := w.CreateUser(from(t, fmt.Sprintf("198.51.100.%d", i)), newUser(fmt.Sprintf("user%d@example.com", i))); err != nil {
			t.Fatal(err)
		}
		if _, err := feed.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFeedsOfAnActorAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldWith(t, service.Config{Argon2: cheap, MaxFeeds: 2})
		follow := func(ctx context.Context) error { return first(w.FollowChanges(ctx, service.ChangesInput{})) }
		leaving, leave := context.WithCancel(from(t, "192.0.2.1"))
		for _, ctx := range []context.Context{leaving, from(t, "192.0.2.1"), from(t, "192.0.2.2")} {
			if err := follow(ctx); err != nil {
				t.Fatal(err)
			}
		}
		err := follow(from(t, "192.0.2.1"))
		if e := wantError[*service.RateLimitedError](t, err, service.CodeRateLimited); e.Error() != "At most 2 streams of changes can be open at once; close one first." {
			t.Error(e)
		}
		leave()
		synctest.Wait()
		if err := follow(from(t, "192.0.2.1")); err != nil {
			t.Errorf("once one is closed: %v", err)
		}
	})
}

// A crowd of addresses takes no more memory than there is for them, and does
// not let off who has spent everything.
func TestACrowdOfClientsIsRememberedInBoundedMemory(t *testing.T) {
	w := limited(t)
	spent := from(t, "192.0.2.1")
	w.createMany(t, spent, 1000)
	addr := netip.MustParseAddr("2001:db8::").As16()
	for i := range 4 * service.MaxSpenders {
		addr[4], addr[5], addr[6] = byte(i>>16), byte(i>>8), byte(i)
		if _, err := w.CountUsers(service.WithClient(t.Context(), netip.AddrFrom16(addr)), none); err != nil {
			t.Fatal(err)
		}
		if err := w.DeleteUser(service.WithClient(t.Context(), netip.AddrFrom16(addr)), someID, nil); service.CodeOf(err) != service.CodeUserNotFound {
			t.Fatal(err)
		}
	}
	if reads, writes := w.Spenders(); reads != service.MaxSpenders || writes != service.MaxSpenders {
		t.Errorf("%d and %d are known", reads, writes)
	}
	if done, _ := spendAll(t, func() error { return w.DeleteUser(spent, someID, nil) }); done != 0 {
		t.Error("who had spent everything was let off")
	}
}

// createMany creates n users at once.
func (w *world) createMany(t *testing.T, ctx context.Context, n int) {
	t.Helper()
	items := make([]service.BatchItem, n)
	for i := range items {
		items[i] = item(fmt.Sprintf("user%d@example.com", i))
	}
	if _, err := w.CreateUsers(ctx, items, service.BatchAllOrNothing); err != nil {
		t.Fatal(err)
	}
}

func TestRateLimitsAreOffUnlessSet(t *testing.T) {
	w := newWorld(t)
	for range 1000 {
		if err := w.DeleteUser(t.Context(), someID, nil); service.CodeOf(err) != service.CodeUserNotFound {
			t.Fatal(err)
		}
	}
}
