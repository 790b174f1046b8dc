package memory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/memory/journal"
)

func open(t testing.TB, path string) *memory.Store {
	t.Helper()
	s, err := memory.Open(t.Context(), path, memory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func record(n int) service.Record {
	email := fmt.Sprintf("user%d@example.com", n)
	at := time.UnixMicro(int64(1_700_000_000_000_000 + n)).UTC()
	return service.Record{
		User: service.User{ID: uuid.Must(uuid.NewV7()), Email: email, FirstName: "Ada", LastName: "Lovelace",
			IsActive: true, Version: 1, CreatedAt: at, UpdatedAt: at},
		Keys:         service.Keys{Email: email, FirstName: "ada", LastName: "lovelace"},
		PasswordHash: "$hash",
	}
}

func TestWhatWasAcknowledgedIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	s := open(t, path)
	ctx := service.WithOrigin(t.Context(), service.Origin{RequestID: "r1"})
	var wg sync.WaitGroup
	const n = 200
	for i := range n {
		wg.Go(func() {
			if err := s.CreateUser(ctx, record(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	before := everything(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	defer s.Close()
	if diff := cmp.Diff(before, everything(t, s)); diff != "" {
		t.Error(diff)
	}
}

type contents struct {
	Users   []service.KeyedUser
	Changes []service.Change
	Log     service.ChangeLogState
}

func everything(t testing.TB, s *memory.Store) contents {
	t.Helper()
	ctx := context.Background()
	users, err := s.ListUsers(ctx, service.ListQuery{Limit: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	log, err := s.ChangeLog(ctx)
	if err != nil {
		t.Fatal(err)
	}
	slice, err := s.Changes(ctx, service.ChangeQuery{After: log.First - 1, Limit: 10_000_000})
	if err != nil {
		t.Fatal(err)
	}
	return contents{users, slice.Changes, log}
}

// reopened closes s and opens the file again.
func reopened(t testing.TB, s *memory.Store, path string, c memory.Config) *memory.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := memory.Open(context.Background(), path, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func create(t testing.TB, s *memory.Store, r service.Record) service.Record {
	t.Helper()
	if err := s.CreateUser(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func rename(t testing.TB, s *memory.Store, r service.Record, n int) {
	t.Helper()
	name := fmt.Sprintf("Name%d", n)
	_, err := s.UpdateUser(context.Background(), r.User.ID, service.Update{
		At: time.UnixMicro(1_800_000_000_000_000 + int64(n)).UTC(), LastName: &service.Text{Value: name, Key: name}})
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, s *memory.Store, r service.Record) {
	t.Helper()
	at := time.UnixMicro(1_900_000_000_000_000).UTC()
	if err := s.DeleteUser(context.Background(), r.User.ID, service.Deletion{At: at}); err != nil {
		t.Fatal(err)
	}
}

// log is the change log after the given number, read page by page.
func log(t testing.TB, s *memory.Store, after int64, user uuid.UUID) []service.Change {
	t.Helper()
	var all []service.Change
	for {
		slice, err := s.Changes(context.Background(), service.ChangeQuery{After: after, UserID: user, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		if slice.Through == after {
			return all
		}
		all, after = append(all, slice.Changes...), slice.Through
	}
}

func TestIndexesOfAReopenedStoreAreThoseOfOneThatGrew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	s := open(t, path)
	names := []string{"", "a", "aa", "ab\x00", "ab", "abcdefgh", "abcdefghi", "abcdefgh\x00", "ä", "zz"}
	for i := range 300 {
		r := record(i)
		r.Keys.FirstName, r.Keys.LastName = names[i%len(names)], names[i*7%len(names)]
		r.Keys.Email = names[i%len(names)] + r.Keys.Email
		r.User.IsActive = i%3 > 0
		r.User.CreatedAt = r.User.CreatedAt.Add(time.Duration(i*i%17) * time.Second)
		create(t, s, r)
	}
	answers := func() (all [][]service.KeyedUser) {
		for _, field := range service.OrderFields() {
			for _, f := range []service.Filter{{}, {Prefix: "a"}, {IsActive: new(bool)}} {
				users, err := s.ListUsers(t.Context(), service.ListQuery{Filter: f, Order: service.Order{Field: field}, Limit: 1000})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, users)
			}
		}
		return all
	}
	before := answers()
	s = reopened(t, s, path, memory.Config{})
	if diff := cmp.Diff(before, answers()); diff != "" {
		t.Error(diff)
	}
}

func TestChangeLogGoesBackBeyondWhatIsInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	s := open(t, path)
	ada, bob := create(t, s, record(1)), create(t, s, record(2))
	for i := range 20 {
		rename(t, s, ada, i)
	}
	before := log(t, s, 0, uuid.Nil)
	if len(before) != 22 {
		t.Fatalf("%d changes, want 22", len(before))
	}
	s = reopened(t, s, path, memory.Config{}) // with nothing of the log in memory
	if diff := cmp.Diff(before, log(t, s, 0, uuid.Nil)); diff != "" {
		t.Error(diff)
	}
	rename(t, s, bob, 100) // in memory again, after those that are not
	if diff := cmp.Diff(before, log(t, s, 0, uuid.Nil)[:22]); diff != "" {
		t.Error(diff)
	}
	ofBob := log(t, s, 0, bob.User.ID)
	if len(ofBob) != 2 || ofBob[0].Seq != 2 || ofBob[1].Seq != 23 {
		t.Errorf("changes of one user: %v", ofBob)
	}
	remove(t, s, ada)
	for _, c := range log(t, s, 0, ada.User.ID) {
		if diff := cmp.Diff(c.Erased(), c, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("change %d of a deleted user still has values: %s", c.Seq, diff)
		}
	}
}

func TestChangeLogIsCutByCount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	config := memory.Config{KeepChanges: 10}
	s, err := memory.Open(t.Context(), path, config)
	if err != nil {
		t.Fatal(err)
	}
	ada := create(t, s, record(1))
	for i := range 30 {
		rename(t, s, ada, i)
	}
	for range 2 { // as it is, and after a restart
		if l := everything(t, s); l.Log.First != 22 || l.Log.Last != 31 || len(l.Changes) != 10 {
			t.Errorf("the log holds %+v", l.Log)
		}
		if _, err := s.Changes(t.Context(), service.ChangeQuery{After: 20, Limit: 1}); !errors.Is(err, &service.CursorExpiredError{}) {
			t.Errorf("reading what was cut off: %v", err)
		}
		if _, err := s.Changes(t.Context(), service.ChangeQuery{After: 32, Limit: 1}); !errors.Is(err, &service.CursorExpiredError{}) {
			t.Errorf("reading what is yet to come: %v", err)
		}
		s = reopened(t, s, path, config)
	}
}

// clock is a time that the test sets.
type clock struct{ now atomic.Pointer[time.Time] }

func (c *clock) set(t time.Time) { c.now.Store(&t) }
func (c *clock) get() time.Time  { return *c.now.Load() }

func TestChangeLogIsCutByAge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	first := record(1)
	var now clock
	now.set(first.User.CreatedAt)
	config := memory.Config{KeepChangesFor: time.Hour, Now: now.get}.WithTidyInterval(time.Millisecond)
	s, err := memory.Open(t.Context(), path, config)
	if err != nil {
		t.Fatal(err)
	}
	create(t, s, first)
	second := record(2)
	second.User.CreatedAt = first.User.CreatedAt.Add(30 * time.Minute)
	create(t, s, second)
	holds := func(from, to int64) {
		t.Helper()
		eventually(t, fmt.Sprintf("the log to hold %d to %d", from, to), func() bool {
			l, err := s.ChangeLog(t.Context())
			return err == nil && l.First == from && l.Last == to
		})
	}
	holds(1, 2)
	now.set(first.User.CreatedAt.Add(time.Hour + time.Second))
	holds(2, 2)
	now.set(first.User.CreatedAt.Add(2 * time.Hour))
	holds(3, 2)
	s = reopened(t, s, path, config)
	holds(3, 2)
	if err := s.AwaitChange(cancelled(t), 2); !errors.Is(err, context.Canceled) {
		t.Errorf("awaiting the first change after a cut: %v", err)
	}
}

func cancelled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// eventually waits until ok is true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	timeout := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestTwoUsersWithOneEmailAddressInAFileAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	j, err := journal.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Load(t.Context(), func(*service.Record) {}), j.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	first, second := record(1), record(2)
	second.Keys.Email, second.User.IsActive = first.Keys.Email, false
	for i, r := range []service.Record{first, second} {
		c := service.NewChange(nil, &r, r.User.CreatedAt, service.Origin{})
		c.Seq = int64(i + 1)
		if err := j.Commit([]journal.Entry{{New: &r, Change: c}}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []memory.Config{{}, {Importing: true}} {
		_, err = memory.Open(t.Context(), path, c)
		if err == nil || !strings.Contains(err.Error(), "same e-mail address") || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestChangesInFlightAtTheEndAreDoneOrRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	s := open(t, path)
	const clients = 64
	var started, wg sync.WaitGroup
	var acknowledged sync.Map
	started.Add(clients)
	for c := range clients {
		wg.Go(func() {
			for i := 0; ; i++ {
				r := record(i*clients + c)
				if err := s.CreateUser(context.Background(), r); err != nil {
					return
				}
				acknowledged.Store(r.User.ID, r.User)
				if i == 0 {
					started.Done()
				}
			}
		})
	}
	started.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("closing a second time: %v", err)
	}
	s = open(t, path)
	defer s.Close()
	n := 0
	acknowledged.Range(func(id, want any) bool {
		n++
		got, err := s.User(t.Context(), id.(uuid.UUID))
		if err != nil || got != want.(service.User) {
			t.Errorf("acknowledged user: %v, %v; want %v", got, err, want)
		}
		return true
	})
	if all, err := s.CountUsers(t.Context(), service.Filter{}); err != nil || all != n {
		t.Errorf("%d users, %v; %d were acknowledged", all, err, n)
	}
}

func TestCallersThatHaveGoneChangeNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "users.db"))
	defer s.Close()
	if err := s.CreateUser(cancelled(t), record(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n, err := s.CountUsers(t.Context(), service.Filter{}); err != nil || n != 0 {
		t.Errorf("%d users, %v", n, err)
	}
	if _, err := s.Changes(cancelled(t), service.ChangeQuery{Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := s.Ping(cancelled(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestLoadingIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.db")
	var out bytes.Buffer
	s := open(t, path)
	create(t, s, record(1))
	reopened(t, s, path, memory.Config{Log: slog.New(slog.NewTextHandler(&out, nil))})
	if !strings.Contains(out.String(), `msg="users loaded" users=1`) {
		t.Errorf("logged %q", out.String())
	}
}
