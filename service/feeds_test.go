package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/userd/userd/service"
)

func wantFeeds(t *testing.T, w *world, want service.FeedLoad) {
	t.Helper()
	if got, err := w.Feeds(t.Context()); err != nil || got != want {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
}

func TestFeedsTellWhoFollowsAndHowFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, _ := eventful(t)
		wantFeeds(t, w, service.FeedLoad{Newest: 5})
		first := logOf(t, w.Service, service.ChangesInput{}).Items[0].Cursor
		slowCtx, endSlow := context.WithCancel(t.Context())
		slow, err1 := w.FollowChanges(slowCtx, service.ChangesInput{After: &first})
		quickCtx, endQuick := context.WithCancel(t.Context())
		_, err2 := w.FollowChanges(quickCtx, service.ChangesInput{})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		wantFeeds(t, w, service.FeedLoad{Newest: 5, Open: 2, Behind: 4})
		if _, err := slow.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantFeeds(t, w, service.FeedLoad{Newest: 5, Open: 2})
		endSlow()
		synctest.Wait()
		wantFeeds(t, w, service.FeedLoad{Newest: 5, Open: 1})
		endQuick()
		synctest.Wait()
		wantFeeds(t, w, service.FeedLoad{Newest: 5})
	})
}

func TestFeedsNeedTheLog(t *testing.T) {
	if _, err := newWorld(t).Feeds(cancelled(t)); !errors.Is(err, errHungUp) {
		t.Errorf("%v, want the context's cause", err)
	}
}

func TestHashingIsCounted(t *testing.T) {
	w := newWorld(t)
	w.create(t, "ada@example.com")
	if l := w.Hashing(); l.Entered != 1 || l.Running != 0 {
		t.Errorf("%+v", l)
	}
}
