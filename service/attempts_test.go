package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// try shows a password and returns how long to wait, zero where it was looked
// at, and whether it was right.
func (w *world) try(t *testing.T, ctx context.Context, client, email, password string) (wait time.Duration, ok bool) {
	t.Helper()
	in := login(email, password)
	if client != "" {
		in.Client = service.Some(client)
	}
	_, err := w.VerifyPassword(ctx, in)
	switch service.CodeOf(err) {
	case service.CodeRateLimited:
		return wantError[*service.RateLimitedError](t, err, service.CodeRateLimited).RetryAfter, false
	case service.CodeInvalidCredentials:
		return 0, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, true
}

// guess shows n wrong passwords from client, each as soon as it may.
func (w *world) guess(t *testing.T, client, email string, n int) {
	t.Helper()
	for range n {
		wait, _ := w.try(t, t.Context(), client, email, "guess")
		if wait > 0 {
			w.now = w.now.Add(wait)
			wait, _ = w.try(t, t.Context(), client, email, "guess")
		}
		if wait > 0 {
			t.Fatalf("after the wait there is another one of %v", wait)
		}
	}
}

// wantWait holds client to how long it has to wait at the account.
func (w *world) wantWait(t *testing.T, client, email string, want time.Duration) {
	t.Helper()
	u, _ := w.UserByEmail(t.Context(), email)
	if wait, ok := w.try(t, t.Context(), client, email, goodPassword); wait != want || ok != (want == 0 && u != nil) {
		t.Errorf("%s waits %v at %s, and is right: %v; want %v", client, wait, email, ok, want)
	}
}

func TestWaitsGrowAlikeForEveryAccount(t *testing.T) {
	w := newWorld(t)
	known, gone := w.create(t, "ada@example.com"), w.create(t, "gone@example.com")
	if _, err := w.UpdateUser(t.Context(), gone.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}
	for i := range want {
		want[i] *= time.Second
	}
	for _, email := range []string{known.Email, "ADA2@example.com", gone.Email, "nobody"} {
		for _, client := range []string{"", "198.51.100.1", "browser 1"} {
			t.Run(email+" "+client, func(t *testing.T) {
				if client != "" {
					email = email + "x" // an account that nobody has tried
				}
				var got []time.Duration
				for range want {
					wait, _ := w.try(t, t.Context(), client, email, "guess")
					got = append(got, wait)
					w.now = w.now.Add(wait)
					if wait > 0 {
						w.guess(t, client, email, 1)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("waits (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestWhatIsTriedInTheWaitIsNeitherHashedNorCounted(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.guess(t, "", u.Email, 6)
	entered := w.Hashing().Entered
	for range 100 {
		w.wantWait(t, "", u.Email, time.Second)
	}
	w.now = w.now.Add(400 * time.Millisecond)
	w.wantWait(t, "", "ADA@example.com", 600*time.Millisecond) // one account in every spelling
	if n := w.Hashing().Entered - entered; n != 0 {
		t.Errorf("%d passwords were hashed", n)
	}
	if got := w.Attempts(); got != (service.AttemptCounts{Invalid: 6, Waiting: 101}) {
		t.Errorf("%+v", got)
	}
	w.now = w.now.Add(600 * time.Millisecond)
	w.wantWait(t, "", u.Email, 0)
	if got := w.Attempts(); got != (service.AttemptCounts{OK: 1, Invalid: 6, Waiting: 101}) {
		t.Errorf("%+v", got)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		failures  int
		after     time.Duration
		forgotten bool
	}{
		"few, in an hour":        {5, time.Hour, true},
		"few, before":            {5, time.Hour - 1, false},
		"more, in an hour":       {6, time.Hour, false},
		"more, before":           {6, 4*time.Hour - 1, false},
		"more, after four hours": {6, 4 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.guess(t, "", "ada@example.com", c.failures)
			w.now = w.now.Add(c.after)
			w.guess(t, "", "ada@example.com", 1)
			if wait, _ := w.try(t, t.Context(), "", "ada@example.com", "guess"); (wait == 0) != c.forgotten {
				t.Errorf("then it is to wait for %v", wait)
			}
		})
	}
}

// Whoever gets it right in the end may be wrong as often again, from a client
// and from nobody in particular.
func TestTheRightPasswordTakesFailuresBack(t *testing.T) {
	for _, client := range []string{"", "192.0.2.1"} {
		w := newWorld(t)
		u := w.create(t, "ada@example.com")
		for range 20 {
			w.guess(t, client, u.Email, 5)
			w.wantWait(t, client, u.Email, 0)
		}
		if left := w.attemptItems(t); left != 0 {
			t.Errorf("client %q: %d counts are left", client, left)
		}
	}
}

func (w *world) attemptItems(t *testing.T) int {
	t.Helper()
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "attempts", Limit: 1000, At: w.now})
	if err != nil {
		t.Fatal(err)
	}
	return len(items)
}

// What others have failed is not: neither for the account nor for a client that
// many people share.
func TestTheRightPasswordTakesBackNoMoreThanItsOwn(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.create(t, "ada@example.com"), w.create(t, "eve@example.com")
	w.guess(t, "attacker", ada.Email, 5)
	w.wantWait(t, "home", ada.Email, 0)
	w.guess(t, "another attacker", ada.Email, 1)
	w.wantWait(t, "a third one", ada.Email, time.Second)

	w.now = w.now.Add(24 * time.Hour)
	for i := range 20 { // a guess for each of many accounts, with the attacker's own in between
		w.guess(t, "attacker", fmt.Sprintf("user%d@example.com", i), 1)
		w.wantWait(t, "attacker", eve.Email, 0)
	}
	w.guess(t, "attacker", "one@example.com", 1)
	w.wantWait(t, "attacker", "another@example.com", time.Second)
	w.wantWait(t, "somebody else", "another@example.com", 0)
}

// Good attempts of people behind one address do not put off each other, even
// where that has to wait now and then.
func TestTheRightPasswordProlongsNoWait(t *testing.T) {
	w := newWorld(t)
	for i := range 22 {
		w.guess(t, "office", fmt.Sprintf("user%d@example.com", i), 1)
	}
	w.now = w.now.Add(2 * time.Second)
	for i := range 5 {
		u := w.create(t, fmt.Sprintf("good%d@example.com", i))
		w.wantWait(t, "office", u.Email, 0)
	}
}

// A stranger cannot keep people out from where they have logged in before.
func TestStrangersLockNobodyOut(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.wantWait(t, "home", u.Email, 0)
	for i := range 30 {
		w.guess(t, fmt.Sprintf("bot %d", i), u.Email, 1)
		w.wantWait(t, "home", u.Email, 0)
	}
	w.guess(t, "home", "others@example.com", 25) // somebody else who lives there
	w.wantWait(t, "home", u.Email, 0)
	w.guess(t, "bot", u.Email, 1)
	if wait, _ := w.try(t, t.Context(), "a new phone", u.Email, goodPassword); wait < 15*time.Minute-time.Second {
		t.Errorf("elsewhere it is to wait %v", wait)
	}
	w.guess(t, "home", u.Email, 6)
	w.wantWait(t, "home", u.Email, time.Second)
	w.now = w.now.Add(4 * time.Hour) // once the attack is over
	w.wantWait(t, "a new phone", u.Email, 0)
}

func TestAClientIsKnownForThirtyDays(t *testing.T) {
	const day = 24 * time.Hour
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.wantWait(t, "home", u.Email, 0)
	for range 3 { // as long as it comes back
		w.now = w.now.Add(29 * day)
		w.guess(t, "bot", u.Email, 10)
		w.wantWait(t, "home", u.Email, 0)
	}
	w.now = w.now.Add(30 * day)
	w.guess(t, "bot", u.Email, 10)
	w.wantWait(t, "home", u.Email, 16*time.Second)
}

func TestNewestClientsAreKnown(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	for i := range 22 {
		w.now = w.now.Add(time.Minute)
		w.wantWait(t, fmt.Sprint("client ", i%21), u.Email, 0)
	}
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "known-client", User: u.ID, Limit: 100, At: w.now})
	if err != nil || len(items) != 20 {
		t.Errorf("%d clients are known, %v", len(items), err)
	}
	w.guess(t, "bot", u.Email, 10)
	w.wantWait(t, "client 20", u.Email, 0)
	w.wantWait(t, "client 0", u.Email, 0)
	w.wantWait(t, "client 2", u.Email, 0)
	w.wantWait(t, "client 1", u.Email, 16*time.Second)
}

func TestWhoIsAClient(t *testing.T) {
	app := key(service.ScopeUsersVerify)
	named := func(client string) service.Credentials {
		in := login("ada@example.com", "guess")
		in.Client = service.Some(client)
		return in
	}
	nobody := login("ada@example.com", "guess")
	for name, c := range map[string]struct {
		one, other     service.Credentials
		oneCtx, andCtx context.Context
		same           bool
	}{
		"one name":                          {named("x"), named(" x "), t.Context(), t.Context(), true},
		"two names":                         {named("x"), named("X"), t.Context(), t.Context(), false},
		"a name by two applications":        {named("x"), named("x"), as(t, app), as(t, service.KeyActor("other", service.Scopes())), true},
		"two addresses":                     {named("192.0.2.1"), named("192.0.2.2"), as(t, app), as(t, app), false},
		"an address, in IPv6, too":          {named("192.0.2.1"), named("::ffff:192.0.2.1"), as(t, app), as(t, app), true},
		"two of one /64":                    {named("2001:db8::1"), named("2001:DB8::2"), as(t, app), as(t, app), true},
		"two of two":                        {named("2001:db8::1"), named("2001:db8:0:1::1"), as(t, app), as(t, app), false},
		"anonymous, at one address":         {nobody, nobody, from(t, "192.0.2.1"), from(t, "192.0.2.1"), true},
		"anonymous, at two":                 {nobody, nobody, from(t, "192.0.2.1"), from(t, "192.0.2.2"), false},
		"one's own address, and the same":   {nobody, named("192.0.2.1"), from(t, "192.0.2.1"), as(t, app), true},
		"behind an application that is not": {nobody, named("192.0.2.1"), service.WithActor(from(t, "192.0.2.1"), app), as(t, app), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 21 { // the client's allowance, not the account's
				c.one.Email = service.Some(fmt.Sprintf("user%d@example.com", i))
				if _, err := w.VerifyPassword(c.oneCtx, c.one); service.CodeOf(err) != service.CodeInvalidCredentials {
					t.Fatal(err)
				}
			}
			_, err := w.VerifyPassword(c.andCtx, c.other)
			if same := service.CodeOf(err) == service.CodeRateLimited; same != c.same {
				t.Errorf("one client: %v, want %v (%v)", same, c.same, err)
			}
		})
	}
}

// A caller with a key that names no client would otherwise lock out all of its users.
func TestACallerThatNamesNobodyHasTheAccountsAllowanceAlone(t *testing.T) {
	w := newWorld(t)
	ctx := as(t, key(service.ScopeUsersVerify))
	for i := range 100 {
		if wait, _ := w.try(t, ctx, "", fmt.Sprintf("user%d@example.com", i), "guess"); wait > 0 {
			t.Fatalf("the attempt %d is to wait", i)
		}
	}
}

func TestANewPasswordClearsTheAccount(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	for name, set := range map[string]func() error{
		"by itself": func() error { return rePassword(t.Context(), w.Service, u.ID) },
		"with others": func() error {
			return first(w.UpdateUser(t.Context(), u.ID, service.UserInput{Password: service.Some(goodPassword)}, nil))
		},
	} {
		w.guess(t, "bot", u.Email, 8)
		if wait, _ := w.try(t, t.Context(), "home "+name, u.Email, goodPassword); wait == 0 {
			t.Fatal("there is no wait")
		}
		if err := rename(t.Context(), w.Service, u.ID); err != nil {
			t.Fatal(err)
		}
		if wait, _ := w.try(t, t.Context(), "home "+name, u.Email, goodPassword); wait == 0 {
			t.Error("another name has cleared it")
		}
		if err := set(); err != nil {
			t.Fatal(err)
		}
		w.wantWait(t, "home "+name, u.Email, 0)
	}
}

// Of attempts at once no more are looked at than one after the other.
func TestAHundredAttemptsAtOnceAreAHundred(t *testing.T) {
	for _, client := range []string{"", "bot"} {
		w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 8, Queue: 100, Wait: time.Minute}})
		u := w.create(t, "ada@example.com")
		var tries sync.WaitGroup
		for range 100 {
			tries.Go(func() { w.try(t, t.Context(), client, u.Email, "guess") })
		}
		tries.Wait()
		if got := w.Attempts(); got != (service.AttemptCounts{Invalid: 6, Waiting: 94}) {
			t.Errorf("client %q: %+v", client, got)
		}
	}
}

// People who log in at once from one office are not taken for an attack.
func TestGoodAttemptsAtOnce(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 4, Queue: 100, Wait: time.Minute}})
	emails := make([]string, 100)
	for i := range emails {
		emails[i] = w.create(t, fmt.Sprintf("user%d@example.com", i)).Email
	}
	var tries sync.WaitGroup
	for _, email := range emails {
		tries.Go(func() { w.wantWait(t, "office", email, 0) })
	}
	tries.Wait()
	if left := w.attemptItems(t); left != 0 {
		t.Errorf("%d counts are left", left)
	}
}

// Copies of the service that share a store share what is counted.
func TestCopiesCountTogether(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.guess(t, "", u.Email, 6)
	other := world{Service: service.New(w.store, service.Config{Argon2: cheap, Now: func() time.Time { return w.now }}), store: w.store}
	other.wantWait(t, "", u.Email, time.Second)
}

// troubled is a store whose items cannot be read or changed as they should.
type troubled struct {
	service.Store
	item, items, list error
	change            func(changes []service.ItemChange) error
}

func (s troubled) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	if s.item != nil {
		return service.Item{}, s.item
	}
	return s.Store.Item(ctx, kind, key, at)
}

func (s troubled) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	if s.list != nil {
		return nil, s.list
	}
	return s.Store.ListUsers(ctx, q)
}

func (s troubled) Items(ctx context.Context, q service.ItemQuery) ([]service.Item, error) {
	if s.items != nil {
		return nil, s.items
	}
	return s.Store.Items(ctx, q)
}

func (s troubled) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	if s.change != nil {
		if err := s.change(changes); err != nil {
			return err
		}
	}
	return s.Store.ChangeItems(ctx, at, changes)
}

// verify shows a password on s, from a client, and returns what comes of it.
func (s *troubled) verify(t *testing.T, now time.Time, password string) error {
	in := login("ada@example.com", password)
	in.Client = service.Some("home")
	return first(service.New(s, service.Config{Argon2: cheap, Now: func() time.Time { return now }}).VerifyPassword(t.Context(), in))
}

// What cannot be counted is not hashed.
func TestWithoutCountingNothingIsHashed(t *testing.T) {
	away := &service.UnavailableError{Reason: "The database is away."}
	w := newWorld(t)
	w.create(t, "ada@example.com")
	reads := 0
	for name, c := range map[string]struct {
		store troubled
		want  service.Code
	}{
		"reading fails":              {troubled{item: away}, service.CodeUnavailable},
		"looking for the user fails": {troubled{list: away}, service.CodeUnavailable},
		"counting fails":             {troubled{change: func([]service.ItemChange) error { return away }}, service.CodeUnavailable},
		"the outcome is not known": {troubled{change: func([]service.ItemChange) error { return &service.OutcomeUnknownError{} }},
			service.CodeOutcomeUnknown},
		"others are always first": {troubled{change: func([]service.ItemChange) error { reads++; return &service.ItemConflictError{} }},
			service.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			c.store.Store = w.store
			if err := c.store.verify(t, w.now, goodPassword); service.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if reads != 20 {
		t.Errorf("it was tried %d times", reads)
	}
	if left := w.attemptItems(t); left != 0 {
		t.Errorf("%d counts are left", left)
	}
}

// A count that was changed between reading and writing is read anew, and what
// it then says holds.
func TestCountsThatChangeMeanwhile(t *testing.T) {
	away := errors.New("away")
	for name, c := range map[string]struct {
		password string
		failures int // others', meanwhile
		reading  error
		want     service.Code
	}{
		"a few failures more":          {"guess", 2, nil, service.CodeInvalidCredentials},
		"so many that there is a wait": {"guess", 6, nil, service.CodeRateLimited},
		"and cannot be read":           {"guess", 2, away, service.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, "ada@example.com")
			s := &troubled{Store: w.store}
			s.change = func([]service.ItemChange) error {
				s.change = nil
				w.guess(t, "bot", u.Email, c.failures)
				s.item = c.reading
				return nil
			}
			if err := s.verify(t, w.now, "guess"); service.CodeOf(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// Who is right is let in even where that cannot be noted.
func TestForgivingMayFail(t *testing.T) {
	away := errors.New("away")
	for name, trouble := range map[string]func(s *troubled){
		"changing fails": func(s *troubled) {
			s.change = func([]service.ItemChange) error { return away }
		},
		"looking for known clients fails": func(s *troubled) { s.items = away },
		"reading anew fails": func(s *troubled) {
			s.change = func([]service.ItemChange) error { s.item = away; return &service.ItemConflictError{} }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.create(t, "ada@example.com")
			s := &troubled{Store: w.store}
			s.change = func([]service.ItemChange) error { // that of counting
				s.change = nil
				trouble(s)
				return nil
			}
			if err := s.verify(t, w.now, goodPassword); err != nil {
				t.Error(err)
			}
			if left := w.attemptItems(t); left != 3 {
				t.Errorf("%d counts are left, want all three", left)
			}
		})
	}
}

// Failures of others that come between are not forgiven with the rest.
func TestForgivingWhileOthersFail(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	s := &troubled{Store: w.store}
	s.change = func([]service.ItemChange) error {
		s.change = func([]service.ItemChange) error {
			s.change = nil
			w.guess(t, "bot", u.Email, 4)
			return nil
		}
		return nil
	}
	if err := s.verify(t, w.now, goodPassword); err != nil {
		t.Fatal(err)
	}
	w.guess(t, "bot", u.Email, 2)
	w.wantWait(t, "somewhere", u.Email, time.Second)
}

// A user who is deleted while its password is being tried is nobody.
func TestAttemptsOfAUserWhoIsDeletedMeanwhile(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	s := &troubled{Store: w.store}
	s.change = func([]service.ItemChange) error {
		s.change = nil
		return w.DeleteUser(t.Context(), u.ID, nil)
	}
	if err := s.verify(t, w.now, "guess"); service.CodeOf(err) != service.CodeInvalidCredentials {
		t.Error(err)
	}
	w.guess(t, "", u.Email, 5)
	w.wantWait(t, "", u.Email, time.Second)
}

// A count goes with its user; that of a client is nobody's.
func TestCountsGoWithTheUser(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	w.guess(t, "home", u.Email, 1)
	if err := w.DeleteUser(t.Context(), u.ID, nil); err != nil {
		t.Fatal(err)
	}
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "attempts", Limit: 10, At: w.now})
	if err != nil || !slices.EqualFunc(items, []uuid.UUID{uuid.Nil}, func(i service.Item, user uuid.UUID) bool { return i.User == user }) {
		t.Errorf("%+v, %v", items, err)
	}
}

// What cannot be read as a count is a defect, and no reason to let guesses through.
func TestCountsThatAreNone(t *testing.T) {
	w := newWorld(t)
	w.guess(t, "", "ada@example.com", 1)
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "attempts", Limit: 10, At: w.now})
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	broken := items[0]
	broken.Value = []byte("?")
	change := service.ItemChange{Kind: broken.Kind, Key: broken.Key, Was: items[0].Value, New: &broken}
	if err := w.store.ChangeItems(t.Context(), w.now, []service.ItemChange{change}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.VerifyPassword(t.Context(), login("ada@example.com", "guess")); service.CodeOf(err) != service.CodeInternal {
		t.Errorf("%v", err)
	}
}
