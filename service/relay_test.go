package service_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// logStore is a store whose log a test can look into.
type logStore struct {
	service.Store
	// await and changes come before what the store does, if they are not nil.
	await   func(ctx context.Context, after int64) error
	changes func(q service.ChangeQuery) error
	read    func()       // comes after Changes, if it is not nil
	reads   atomic.Int64 // calls of Changes
}

func (s *logStore) AwaitChange(ctx context.Context, after int64) error {
	if s.await != nil {
		if err := s.await(ctx, after); err != nil {
			return err
		}
	}
	return s.Store.AwaitChange(ctx, after)
}

func (s *logStore) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	s.reads.Add(1)
	if s.changes != nil {
		if err := s.changes(q); err != nil {
			return service.ChangeSlice{}, err
		}
	}
	if s.read != nil {
		defer s.read()
	}
	return s.Store.Changes(ctx, q)
}

// over is a world over s, which is given a store.
func over(t *testing.T, s *logStore) *world {
	t.Helper()
	return overWith(t, s, memory.Config{})
}

// shortLog has a store keep two changes.
var shortLog = memory.Config{KeepChanges: 2}

// overWith is over with a configuration of the store.
func overWith(t *testing.T, s *logStore, c memory.Config) *world {
	t.Helper()
	store := memory.NewWith(c)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Store = store
	return &world{store: store, Service: service.New(s, service.Config{Argon2: cheap})}
}

// TestAChangeWakesWhomItIsFor: others cost nothing.
func TestAChangeWakesWhomItIsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &logStore{}
		w := over(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		const many = 100
		got := make(chan string, 2*many)
		var users []service.User
		for i := range many {
			users = append(users, w.create(t, fmt.Sprintf("user%d@example.com", i)))
		}
		for i := range many + 2 {
			in := service.ChangesInput{}
			if i < many {
				in.UserID = users[i].ID
			}
			feed := follow(t, w, in)
			go func() {
				for {
					items, err := feed.Next(ctx)
					if err != nil {
						return
					}
					for _, item := range items {
						got <- fmt.Sprint(i, " ", item.Change.Seq)
					}
				}
			}()
		}
		synctest.Wait()
		s.reads.Store(0)
		if err := w.DeleteUser(t.Context(), users[7].ID, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		heard := map[string]bool{}
		for range len(got) {
			heard[<-got] = true
		}
		if diff := cmp.Diff(map[string]bool{"7 101": true, "100 101": true, "101 101": true}, heard); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := s.reads.Load(); n != 1+3 {
			t.Errorf("the log was read %d times, want once for all and once by each of three", n)
		}
		cancel()
	})
}

// TestAFeedPassesWhatIsNotForIt: its cursor goes on, or it would expire some day
// although nothing has happened.
func TestAFeedPassesWhatIsNotForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := overWith(t, new(logStore), shortLog)
		ada := w.create(t, "ada@example.com")
		feed := follow(t, w, service.ChangesInput{UserID: ada.ID})
		for i := range 5 {
			w.create(t, fmt.Sprintf("user%d@example.com", i))
			synctest.Wait()
		}
		wantFeeds(t, w, service.FeedLoad{Newest: 6, Open: 1})
		if _, err := feed.Next(cancelled(t)); !errors.Is(err, errHungUp) {
			t.Error(err)
		}
		if now, err := w.ChangeCursor(t.Context()); err != nil || feed.Cursor() != now {
			t.Errorf("the feed stands at %q, want %q, %v", feed.Cursor(), now, err)
		}
		if err := w.DeleteUser(t.Context(), ada.ID, nil); err != nil {
			t.Fatal(err)
		}
		wantNext(t, feed, 7)
	})
}

// TestFeedsWithoutARelay: when reading for all fails, each feed reads for
// itself, and is told what is wrong if that is wrong for it as well.
func TestFeedsWithoutARelay(t *testing.T) {
	broken := errors.New("broken")
	ofAll := func(q service.ChangeQuery) bool { return q.UserID == uuid.Nil }
	for name, c := range map[string]struct {
		store *logStore
		want  error
	}{
		"waiting fails":         {&logStore{await: func(context.Context, int64) error { return broken }}, broken},
		"reading fails":         {&logStore{changes: func(service.ChangeQuery) error { return broken }}, broken},
		"reading for all fails": {&logStore{changes: func(q service.ChangeQuery) error { return map[bool]error{true: broken}[ofAll(q)] }}, nil},
		"reading for all panics": {&logStore{changes: func(q service.ChangeQuery) error {
			if ofAll(q) {
				panic("broken")
			}
			return nil
		}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := over(t, c.store)
				ada := w.create(t, "ada@example.com")
				feed := follow(t, w, service.ChangesInput{UserID: ada.ID})
				synctest.Wait()
				if err := w.DeleteUser(t.Context(), ada.ID, nil); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if c.want == nil {
					wantNext(t, feed, 2)
					return
				}
				for range 2 {
					if _, err := feed.Next(t.Context()); !errors.Is(err, c.want) {
						t.Errorf("the error is %v, want %v", err, c.want)
					}
				}
			})
		})
	}
}

// TestFeedsWithoutARelayAreWhereTheyHadCome: what was not for them they need not
// read again, when the log may hold it no more.
func TestFeedsWithoutARelayAreWhereTheyHadCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := false
		w := overWith(t, &logStore{changes: func(q service.ChangeQuery) error {
			if broken && q.UserID == uuid.Nil {
				return errors.New("broken")
			}
			return nil
		}}, shortLog)
		ada := w.create(t, "ada@example.com")
		feed := follow(t, w, service.ChangesInput{UserID: ada.ID})
		for i := range 5 {
			w.create(t, fmt.Sprintf("user%d@example.com", i))
			synctest.Wait()
		}
		broken = true
		if err := w.DeleteUser(t.Context(), ada.ID, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantNext(t, feed, 7)
	})
}

// TestARelayWaitsForAStoreThatIsAway: and no feed does so for itself.
func TestARelayWaitsForAStoreThatIsAway(t *testing.T) {
	away := &service.UnavailableError{Reason: "Away."}
	for failures, feedReads := range map[int64]int64{1: 0, 4: 0, 5: 1} {
		t.Run(fmt.Sprint(failures), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var left, ofFeeds atomic.Int64
				w := over(t, &logStore{changes: func(q service.ChangeQuery) error {
					if q.UserID != uuid.Nil {
						ofFeeds.Add(1)
					} else if left.Add(-1) >= 0 {
						return away
					}
					return nil
				}})
				ada := w.create(t, "ada@example.com")
				feed := follow(t, w, service.ChangesInput{UserID: ada.ID})
				next := make(chan error, 1)
				ctx, stop := context.WithCancelCause(t.Context())
				go func() { _, err := feed.Next(ctx); next <- err }()
				synctest.Wait()
				left.Store(failures)
				w.create(t, "bob@example.com")
				time.Sleep(time.Minute)
				if n := ofFeeds.Load(); n != feedReads {
					t.Errorf("the feed has read %d times by itself", n)
				}
				stop(errHungUp)
				if err := <-next; !errors.Is(err, errHungUp) {
					t.Error(err)
				}
			})
		})
	}
}

// TestAFeedFarBehindKeepsNobodyWaiting: what it has missed it reads by itself.
func TestAFeedFarBehindKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		earliest := atomic.Int64{}
		earliest.Store(1000)
		const portion = 200
		w := over(t, &logStore{changes: func(q service.ChangeQuery) error {
			if q.Limit == portion { // the relay's
				earliest.Store(min(earliest.Load(), q.After))
			}
			return nil
		}})
		start, err := w.ChangeCursor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			w.create(t, fmt.Sprintf("user%d@example.com", i))
		}
		behind := follow(t, w, service.ChangesInput{After: &start})
		now := follow(t, w, service.ChangesInput{})
		w.create(t, "ada@example.com")
		wantNext(t, now, 61)
		if n := earliest.Load(); n != 60 {
			t.Errorf("all were told of what comes after change %d", n)
		}
		for seq := int64(0); seq < 61; {
			items, err := behind.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range items {
				if seq++; item.Change.Seq != seq {
					t.Fatalf("change %d comes in the place of %d", item.Change.Seq, seq)
				}
			}
		}
	})
}

// TestResetEndsFeedsWithoutARelay: one that watches the log by itself does not
// go on in another one either.
func TestResetEndsFeedsWithoutARelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		w := over(t, &logStore{await: func(context.Context, int64) error {
			if first {
				first = false
				return errors.New("broken once")
			}
			return nil
		}})
		nothing := w.store.Snapshot()
		feed := follow(t, w, service.ChangesInput{})
		synctest.Wait()
		waited := make(chan error, 1)
		go func() { _, err := feed.Next(t.Context()); waited <- err }()
		synctest.Wait()
		w.reset(t, nothing)
		wantError[*service.CursorExpiredError](t, <-waited, service.CodeCursorExpired)
	})
}

// TestARelayThatHasEndedTellsNothing: what it has read may be of another log.
func TestARelayThatHasEndedTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		w := over(t, &logStore{read: func() { <-goOn }})
		ada := w.create(t, "ada@example.com")
		before := w.store.Snapshot()
		follow(t, w, service.ChangesInput{})
		w.create(t, "bob@example.com")
		synctest.Wait() // it has read that
		w.reset(t, before)
		feed := follow(t, w, service.ChangesInput{UserID: ada.ID})
		close(goOn)
		synctest.Wait()
		if _, err := feed.Next(cancelled(t)); !errors.Is(err, errHungUp) {
			t.Error(err)
		}
		if err := w.DeleteUser(t.Context(), ada.ID, nil); err != nil {
			t.Fatal(err)
		}
		wantNext(t, feed, 2)
	})
}

// TestALogThatLosesChanges: a standby that lagged behind becomes the database.
// Who comes then hears what happens from there on.
func TestALogThatLosesChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.create(t, "ada@example.com")
		behind := w.store.Snapshot()
		follow(t, w, service.ChangesInput{})
		w.create(t, "bob@example.com")
		synctest.Wait()
		w.store.Restore(behind) // and the service knows nothing of it
		feed := follow(t, w, service.ChangesInput{})
		waiting, stop := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { _, err := feed.Next(waiting); ended <- err }()
		synctest.Wait() // it would not return if the feed went in circles
		stop(errHungUp)
		if err := <-ended; !errors.Is(err, errHungUp) {
			t.Error(err)
		}
		w.create(t, "eve@example.com")
		wantNext(t, feed, 2)
	})
}

// TestReadyTellsWhenToRead: so that nobody has to wait while nothing happens.
func TestReadyTellsWhenToRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		feed := follow(t, w, service.ChangesInput{})
		told := 0
		if feed.Ready(t.Context(), func() { told++ }) {
			t.Error("ready for nothing")
		}
		synctest.Wait()
		if told != 0 {
			t.Error("told of nothing")
		}
		w.create(t, "ada@example.com")
		w.create(t, "bob@example.com")
		synctest.Wait()
		if !feed.Ready(t.Context(), func() { told = 100 }) || told != 1 {
			t.Errorf("told %d times of a change", told)
		}
		if items, err := feed.Read(t.Context()); err != nil || len(items) != 2 {
			t.Errorf("%v %v", items, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		if feed.Ready(ctx, func() { told++ }) {
			t.Error("ready for nothing more")
		}
		cancel(errHungUp)
		synctest.Wait()
		if told != 2 || !feed.Ready(ctx, func() { told++ }) {
			t.Errorf("told %d times when the context has ended", told)
		}
		if _, err := feed.Read(ctx); !errors.Is(err, errHungUp) {
			t.Error(err)
		}
	})
}

// TestNobodyReadsForNobody: without feeds the log is left alone.
func TestNobodyReadsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &logStore{}
		w := over(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := w.FollowChanges(ctx, service.ChangesInput{}); err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		w.create(t, "ada@example.com")
		synctest.Wait()
		if n := s.reads.Load(); n != 0 {
			t.Errorf("the log was read %d times", n)
		}
	})
}
