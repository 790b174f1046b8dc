package service

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// ChangesInput asks for a part of the change log.
type ChangesInput struct {
	// UserID selects the changes of one user; uuid.Nil selects all.
	UserID uuid.UUID
	// After is the cursor of the change before the first one wanted. Nil means
	// the oldest change that is kept, and for following the newest one.
	After *string
	// First is how many changes are wanted at most: 1 to the service's page size; nil
	// means [DefaultPageSize].
	First *int
}

// ChangePage is a part of the change log.
type ChangePage struct {
	Items []ChangeItem
	// HasNext tells whether the log went on when the page was read.
	HasNext bool
	// EndCursor is where to go on, also when the page is empty.
	EndCursor string
}

// ChangeItem is a change with its cursor.
type ChangeItem struct {
	Change Change
	// Cursor is the opaque text for the change's place in the log; it serves
	// Changes and FollowChanges alike.
	Cursor string
}

// Changes returns a part of the change log, oldest first. It returns
// *[InvalidInputError] for a size out of range or what is no cursor, and
// *[CursorExpiredError] when the log no longer holds what follows the cursor.
func (s *Service) Changes(ctx context.Context, in ChangesInput) (*ChangePage, error) {
	if err := s.require(ctx, ScopeChangesRead); err != nil {
		return nil, err
	}
	var c checker
	size := c.size(s.maxPageSize, in.First, nil)
	log, after, err := s.startOfChanges(ctx, &c, in.After, func(ChangeLogState) int64 { return OldestKept })
	if err != nil {
		return nil, err
	}
	slice, err := s.store.Changes(ctx, ChangeQuery{After: after, UserID: in.UserID, Limit: size + 1})
	if err != nil {
		return nil, err
	}
	page := &ChangePage{HasNext: len(slice.Changes) > size, EndCursor: changeCursor(log.ID, slice.Through)}
	page.Items = changeItems(slice.Changes[:min(size, len(slice.Changes))], log.ID)
	if page.HasNext {
		page.EndCursor = page.Items[size-1].Cursor
	}
	return page, nil
}

// ChangeCursor returns the cursor of the newest change: who reads on from it
// sees what happens from now on.
func (s *Service) ChangeCursor(ctx context.Context) (string, error) {
	if err := s.require(ctx, ScopeChangesRead); err != nil {
		return "", err
	}
	log, err := s.store.ChangeLog(ctx)
	return changeCursor(log.ID, log.Last), err
}

// FollowChanges returns a feed of the changes after in.After, or of those to
// come when that is nil; in.First plays no part. Its errors are those of
// Changes, and *[RateLimitedError] when the actor has as many feeds open as it
// may. A feed is open until ctx ends, and brings nothing afterwards.
func (s *Service) FollowChanges(ctx context.Context, in ChangesInput) (*ChangeFeed, error) {
	if err := s.require(ctx, ScopeChangesRead); err != nil {
		return nil, err
	}
	var c checker
	resets := s.feeds.count()
	log, after, err := s.startOfChanges(ctx, &c, in.After, func(l ChangeLogState) int64 { return l.Last })
	if err != nil {
		return nil, err
	}
	if err := log.Expired(after); err != nil {
		return nil, err
	}
	f := &ChangeFeed{service: s, logID: log.ID, query: ChangeQuery{After: after, UserID: in.UserID, Limit: DefaultPageSize}, place: after}
	f.log, f.expire = context.WithCancel(context.Background())
	if err := s.feeds.add(ctx, f, log.Last, resets); err != nil {
		return nil, err
	}
	return f, nil
}

// ChangeFeed reads the change log as it grows, each change once and in order.
// It reads at its caller's pace: a slow caller misses nothing and holds nobody
// up, unless the log is cut off before it reads on. It is for one goroutine.
type ChangeFeed struct {
	service *Service
	logID   string
	query   ChangeQuery

	log    context.Context // ends when [Service.Reset] replaces the log
	expire context.CancelFunc

	place int64  // guarded by feeds.mu; query.After, for others
	due   bool   // guarded by feeds.mu; there may be something to read after place
	alone bool   // guarded by feeds.mu; nobody else watches the log for the feed
	tell  func() // guarded by feeds.mu; called when the feed is due; nil when nobody waits
}

// Cursor is where the feed stands: what was returned lies before it.
func (f *ChangeFeed) Cursor() string { return changeCursor(f.logID, f.query.After) }

// Next waits for changes and returns some, at least one. When ctx ends first
// it returns ctx's error, and may be called again; after *[CursorExpiredError]
// the feed is of no more use. The actor of ctx must be allowed to read the log
// whenever there is something to return.
func (f *ChangeFeed) Next(ctx context.Context) ([]ChangeItem, error) {
	for {
		ready := make(chan struct{})
		if !f.Ready(ctx, func() { close(ready) }) {
			<-ready
		}
		if items, err := f.Read(ctx); len(items) > 0 || err != nil {
			return items, err
		}
	}
}

// Ready reports whether there may be something to read or ctx has ended. If
// not, it returns at once and has then be called when that is so, in a goroutine of
// its own: while nothing happens, nobody needs to wait.
func (f *ChangeFeed) Ready(ctx context.Context, then func()) bool {
	return f.service.feeds.ready(ctx, f, then)
}

// Read is Next for a feed that is Ready, and may find nothing. It waits only where
// the log cannot be watched for all feeds at once.
func (f *ChangeFeed) Read(ctx context.Context) (items []ChangeItem, err error) {
	var seen int64
	var alone, lost bool
	f.query.After, seen, alone = f.service.feeds.begin(f)
	defer func() { f.service.feeds.settle(f, f.query.After, lost) }()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if alone {
		if err := f.awaitAlone(ctx); err != nil {
			return nil, err
		}
	}
	if err := f.service.stillHas(ctx, ScopeChangesRead); err != nil {
		return nil, err // a key may have been revoked while nothing happened
	}
	slice, err := f.service.store.Changes(ctx, f.query)
	if f.log.Err() != nil { // what was read may be of another one
		err = &CursorExpiredError{}
	}
	if err != nil {
		return nil, err
	}
	f.query.After = slice.Through
	lost = len(slice.Changes) < f.query.Limit && slice.Through < seen
	return changeItems(slice.Changes, f.logID), nil
}

// awaitAlone has the store tell when there is something, or what is wrong.
func (f *ChangeFeed) awaitAlone(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(f.log, func() { cancel(&CursorExpiredError{}) })()
	return f.service.store.AwaitChange(ctx, f.query.After)
}

func changeItems(changes []Change, logID string) []ChangeItem {
	items := make([]ChangeItem, len(changes))
	for i, ch := range changes {
		items[i] = ChangeItem{Change: ch, Cursor: changeCursor(logID, ch.Seq)}
	}
	return items
}

// startOfChanges finds out where to start reading: after cursor, or where
// otherwise says when there is none.
func (s *Service) startOfChanges(ctx context.Context, c *checker, cursor *string, otherwise func(ChangeLogState) int64) (ChangeLogState, int64, error) {
	var logID string
	var after int64
	if cursor != nil {
		var p *problem
		logID, after, p = parseChangeCursor(*cursor)
		c.add(FieldAfter, p)
	}
	if err := c.err(); err != nil {
		return ChangeLogState{}, 0, err
	}
	log, err := s.store.ChangeLog(ctx)
	switch {
	case err != nil:
		return log, 0, err
	case cursor == nil:
		return log, otherwise(log), nil
	case logID != log.ID:
		return log, 0, &CursorExpiredError{}
	}
	return log, after, nil
}

// maxChangeCursor bounds what is decoded, in bytes.
const maxChangeCursor = 100

// changeCursor writes a place in a change log as an opaque text.
func changeCursor(logID string, seq int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", logID, seq))
}

// parseChangeCursor reads what changeCursor wrote.
func parseChangeCursor(s string) (logID string, seq int64, p *problem) {
	bad := &problem{FieldInvalid, "This is not a cursor of the change log; use one that the service has returned."}
	if len(s) > maxChangeCursor {
		return "", 0, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return "", 0, bad
	}
	logID, number, _ := strings.Cut(string(b), ":")
	seq, err = strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 0 || changeCursor(logID, seq) != s {
		return "", 0, bad
	}
	return logID, seq, nil
}
