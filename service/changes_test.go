package service_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

// eventful is a world in which two users were created, one changed twice, and
// the other deleted: changes 1 to 5.
func eventful(t *testing.T) (w *world, ada, bob service.User) {
	t.Helper()
	w = newWorld(t)
	ctx := service.WithOrigin(t.Context(), service.Origin{Actor: "admin", RequestID: "r1"})
	ada, bob = w.create(t, "ada@example.com"), w.create(t, "bob@example.com")
	_, err1 := w.UpdateUserEmail(ctx, ada.ID, service.Some("new@example.com"), nil)
	_, err2 := w.SetUserPassword(ctx, ada.ID, service.Some("another good one"), nil)
	err3 := w.DeleteUser(ctx, bob.ID, nil)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return w, ada, bob
}

// seqs are the numbers of the changes of a page.
func seqs(items []service.ChangeItem) []int64 {
	var seqs []int64
	for _, item := range items {
		seqs = append(seqs, item.Change.Seq)
	}
	return seqs
}

func logOf(t *testing.T, s *service.Service, in service.ChangesInput) *service.ChangePage {
	t.Helper()
	page, err := s.Changes(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestChangesTellWhatHappened(t *testing.T) {
	w, ada, bob := eventful(t)
	admin, nobody := service.Origin{Actor: "admin", RequestID: "r1"}, service.Origin{Actor: "anonymous"}
	type summary struct {
		Kind    service.ChangeKind
		User    service.User
		Version int32
		Origin  service.Origin
	}
	var got []summary
	for _, item := range logOf(t, w.Service, service.ChangesInput{}).Items {
		c := item.Change
		if !c.At.Equal(w.now) {
			t.Errorf("change %d is of %v, want %v", c.Seq, c.At, w.now)
		}
		got = append(got, summary{c.Kind, service.User{ID: c.UserID}, c.Version, c.Origin})
	}
	want := []summary{
		{service.ChangeCreated, service.User{ID: ada.ID}, 1, nobody},
		{service.ChangeCreated, service.User{ID: bob.ID}, 1, nobody},
		{service.ChangeEmail, service.User{ID: ada.ID}, 2, admin},
		{service.ChangePassword, service.User{ID: ada.ID}, 3, admin},
		{service.ChangeDeleted, service.User{ID: bob.ID}, 1, admin},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChangesHoldNoSecrets(t *testing.T) {
	w, ada, _ := eventful(t)
	text := fmt.Sprintf("%+v", logOf(t, w.Service, service.ChangesInput{}))
	for _, secret := range []string{goodPassword, "another good one", w.passwordHash(t, ada.ID), "$argon2id"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestPagesOfChanges(t *testing.T) {
	w, ada, bob := eventful(t)
	first := func(n int) *int { return &n }
	all := logOf(t, w.Service, service.ChangesInput{})
	for _, c := range []struct {
		in      service.ChangesInput
		want    []int64
		hasNext bool
		end     int64
	}{
		{service.ChangesInput{}, []int64{1, 2, 3, 4, 5}, false, 5},
		{service.ChangesInput{First: first(5)}, []int64{1, 2, 3, 4, 5}, false, 5},
		{service.ChangesInput{First: first(2)}, []int64{1, 2}, true, 2},
		{service.ChangesInput{First: first(2), After: &all.Items[1].Cursor}, []int64{3, 4}, true, 4},
		{service.ChangesInput{First: first(2), After: &all.Items[3].Cursor}, []int64{5}, false, 5},
		{service.ChangesInput{After: &all.EndCursor}, nil, false, 5},
		{service.ChangesInput{UserID: bob.ID}, []int64{2, 5}, false, 5},
		{service.ChangesInput{UserID: ada.ID, First: first(1)}, []int64{1}, true, 1},
		{service.ChangesInput{UserID: ada.ID, First: first(2), After: &all.Items[0].Cursor}, []int64{3, 4}, false, 5},
		{service.ChangesInput{UserID: someID}, nil, false, 5},
	} {
		page := logOf(t, w.Service, c.in)
		if diff := cmp.Diff(c.want, seqs(page.Items)); diff != "" || page.HasNext != c.hasNext || page.EndCursor != all.Items[c.end-1].Cursor {
			t.Errorf("%+v: next %v, end %q (-want +got):\n%s", c.in, page.HasNext, page.EndCursor, diff)
		}
	}
}

func TestChangesRefuses(t *testing.T) {
	w, _, _ := eventful(t)
	raw := func(s string) *string { return new(base64.RawURLEncoding.EncodeToString([]byte(s))) }
	good := logOf(t, w.Service, service.ChangesInput{}).EndCursor
	id, _, _ := strings.Cut(string(decodeURL(t, good)), ":")
	for name, c := range map[string]struct {
		in   service.ChangesInput
		want mistakes
	}{
		"none":                   {service.ChangesInput{First: new(0)}, mistakes{service.FieldFirst: service.FieldOutOfRange}},
		"too many":               {service.ChangesInput{First: new(service.MaxPageSize + 1)}, mistakes{service.FieldFirst: service.FieldOutOfRange}},
		"empty":                  {service.ChangesInput{After: new("")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"no base64":              {service.ChangesInput{After: new("!")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"no number":              {service.ChangesInput{After: raw(id)}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"negative":               {service.ChangesInput{After: raw(id + ":-1")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"number with a sign":     {service.ChangesInput{After: raw(id + ":+1")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"number with a zero":     {service.ChangesInput{After: raw(id + ":01")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"number too big":         {service.ChangesInput{After: raw(id + ":9223372036854775808")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"line feed":              {service.ChangesInput{After: new(good + "\n")}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"too long":               {service.ChangesInput{After: new(strings.Repeat("A", 101))}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"a cursor of users":      {service.ChangesInput{After: new(service.EncodeCursor(service.OrderByEmail, service.Position{ID: someID}))}, mistakes{service.FieldAfter: service.FieldInvalid}},
		"everything at once":     {service.ChangesInput{First: new(-1), After: new("!")}, mistakes{service.FieldFirst: service.FieldOutOfRange, service.FieldAfter: service.FieldInvalid}},
		"the beginning is there": {service.ChangesInput{After: raw(id + ":0")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Changes(t.Context(), c.in)
			wantMistakes(t, err, c.want)
			_, err = w.FollowChanges(t.Context(), service.ChangesInput{After: c.in.After})
			delete(c.want, service.FieldFirst)
			wantMistakes(t, err, c.want)
		})
	}
}

func decodeURL(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestExpiredCursors(t *testing.T) {
	w := overWith(t, new(logStore), shortLog)
	start := logOf(t, w.Service, service.ChangesInput{}).EndCursor
	for i := range 3 {
		w.create(t, fmt.Sprintf("user%d@example.com", i))
	}
	id, _, _ := strings.Cut(string(decodeURL(t, start)), ":")
	other, _, _ := eventful(t)
	for name, cursor := range map[string]string{
		"cut off":             start,
		"of the future":       base64.RawURLEncoding.EncodeToString([]byte(id + ":4")),
		"of another log":      logOf(t, other.Service, service.ChangesInput{}).Items[2].Cursor,
		"far into the future": base64.RawURLEncoding.EncodeToString([]byte(id + ":9223372036854775807")),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Changes(t.Context(), service.ChangesInput{After: &cursor})
			wantError[*service.CursorExpiredError](t, err, service.CodeCursorExpired)
			_, err = w.FollowChanges(t.Context(), service.ChangesInput{After: &cursor})
			wantError[*service.CursorExpiredError](t, err, service.CodeCursorExpired)
		})
	}
	if page := logOf(t, w.Service, service.ChangesInput{}); cmp.Diff([]int64{2, 3}, seqs(page.Items)) != "" {
		t.Errorf("what is kept are the changes %v", seqs(page.Items))
	}
}

// TestLogThatIsCutWhileItIsRead: who wants what there is gets what there is.
func TestLogThatIsCutWhileItIsRead(t *testing.T) {
	s := new(logStore)
	w := overWith(t, s, shortLog)
	for i := range 3 {
		w.create(t, fmt.Sprintf("user%d@example.com", i))
	}
	s.changes = func(service.ChangeQuery) error {
		w.create(t, "another@example.com")
		return nil
	}
	if page := logOf(t, w.Service, service.ChangesInput{}); cmp.Diff([]int64{3, 4}, seqs(page.Items)) != "" {
		t.Errorf("what is kept are the changes %v", seqs(page.Items))
	}
}

func TestChangeLogForACallerWhoIsGone(t *testing.T) {
	w, _, _ := eventful(t)
	after := logOf(t, w.Service, service.ChangesInput{}).EndCursor
	for _, in := range []service.ChangesInput{{}, {After: &after}} {
		if _, err := w.Changes(cancelled(t), in); !errors.Is(err, errHungUp) {
			t.Errorf("Changes: %v, want the context's cause", err)
		}
		if _, err := w.FollowChanges(cancelled(t), in); !errors.Is(err, errHungUp) {
			t.Errorf("FollowChanges: %v, want the context's cause", err)
		}
	}
}

func follow(t *testing.T, w *world, in service.ChangesInput) *service.ChangeFeed {
	t.Helper()
	feed, err := w.FollowChanges(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

// wantNext holds the next changes of a feed to these numbers, and its cursor
// to the last of them.
func wantNext(t *testing.T, feed *service.ChangeFeed, want ...int64) {
	t.Helper()
	items, err := feed.Next(t.Context())
	if diff := cmp.Diff(want, seqs(items)); diff != "" || err != nil {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFeedGoesOnWhereItsCursorStands(t *testing.T) {
	w, _, _ := eventful(t)
	all := logOf(t, w.Service, service.ChangesInput{})
	feed := follow(t, w, service.ChangesInput{After: &all.Items[1].Cursor})
	if feed.Cursor() != all.Items[1].Cursor {
		t.Errorf("a new feed stands at %q, want %q", feed.Cursor(), all.Items[1].Cursor)
	}
	wantNext(t, feed, 3, 4, 5)
	w.create(t, "eve@example.com")
	wantNext(t, feed, 6)
	resumed := follow(t, w, service.ChangesInput{After: new(feed.Cursor())})
	w.create(t, "eva@example.com")
	wantNext(t, resumed, 7)
	wantNext(t, feed, 7)
}

func TestFeedWithoutCursorBeginsNow(t *testing.T) {
	w, _, _ := eventful(t)
	feed := follow(t, w, service.ChangesInput{})
	w.create(t, "eve@example.com")
	wantNext(t, feed, 6)
}

func TestFeedComesInPortions(t *testing.T) {
	w := newWorld(t)
	feed := follow(t, w, service.ChangesInput{})
	for i := range service.DefaultPageSize + 1 {
		w.create(t, fmt.Sprintf("user%d@example.com", i))
	}
	items, err := feed.Next(t.Context())
	if err != nil || len(items) != service.DefaultPageSize {
		t.Errorf("%d changes at once, %v, want %d", len(items), err, service.DefaultPageSize)
	}
	wantNext(t, feed, service.DefaultPageSize+1)
}

func TestFeedOfOneUserWaitsForThatUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ada, _ := eventful(t)
		feed := follow(t, w, service.ChangesInput{UserID: ada.ID})
		got := make(chan []int64, 1)
		go func() {
			items, err := feed.Next(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- seqs(items)
		}()
		synctest.Wait()
		w.create(t, "eve@example.com")
		synctest.Wait()
		if len(got) != 0 {
			t.Fatalf("woken with %v", <-got)
		}
		if err := w.DeleteUser(t.Context(), ada.ID, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{7}, <-got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestFeedStopsWithTheContextAndGoesOnWithAnother(t *testing.T) {
	w, _, _ := eventful(t)
	feed := follow(t, w, service.ChangesInput{})
	if _, err := feed.Next(cancelled(t)); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
	w.create(t, "eve@example.com")
	wantNext(t, feed, 6)
}

func TestFeedThatIsTooSlowIsTold(t *testing.T) {
	w := overWith(t, new(logStore), shortLog)
	feed := follow(t, w, service.ChangesInput{})
	for i := range 3 {
		w.create(t, fmt.Sprintf("user%d@example.com", i))
	}
	_, err := feed.Next(context.Background())
	wantError[*service.CursorExpiredError](t, err, service.CodeCursorExpired)
}

func TestChangeCursorIsWhereFromNowOnBegins(t *testing.T) {
	w, ada, _ := eventful(t)
	cursor, err := w.ChangeCursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.UpdateUserEmail(t.Context(), ada.ID, service.Some("newer@example.com"), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{6}, seqs(logOf(t, w.Service, service.ChangesInput{After: &cursor}).Items)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
