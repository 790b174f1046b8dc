package postgres

import (
	"context"
	"runtime"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
)

const (
	// lookupLanes is how many round trips for single users are under way at once.
	lookupLanes = 2
	// maxLookups bounds how many users one of them is for.
	maxLookups = 200
)

// lookups gathers requests for single users. Those that come while the lanes
// are busy share the next round trip: many clients then need few of them, and
// few clients wait for nothing. No request is answered by a query that began
// before it came.
type lookups struct {
	store *Store

	mu      sync.Mutex
	waiting []*lookup // guarded by mu
	busy    int       // guarded by mu; lanes
}

// lookup is one request.
type lookup struct {
	ctx  context.Context
	id   uuid.UUID
	done chan struct{}
	user service.User
	err  error
}

// user returns the user with this id.
func (l *lookups) user(ctx context.Context, id uuid.UUID) (service.User, error) {
	if ctx.Err() != nil {
		return service.User{}, context.Cause(ctx)
	}
	r := &lookup{ctx: ctx, id: id, done: make(chan struct{})}
	if err := l.submit(r); err != nil {
		return service.User{}, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return service.User{}, context.Cause(ctx)
	}
	return r.user, r.err
}

// submit adds r to those that wait, and opens another lane if there is one.
func (l *lookups) submit(r *lookup) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= maxReading {
		return errBusy
	}
	l.waiting = append(l.waiting, r)
	if l.busy < lookupLanes {
		l.busy++
		go l.lane()
	}
	return nil
}

// lane answers requests until none waits.
func (l *lookups) lane() {
	for {
		runtime.Gosched()
		batch := l.take()
		if batch == nil {
			return
		}
		l.answer(batch)
	}
}

// take returns requests to answer together; without any it closes the lane.
func (l *lookups) take() []*lookup {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), maxLookups)
	if n == 0 {
		l.busy--
		return nil
	}
	batch := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	return batch
}

// answer answers all requests by one query.
func (l *lookups) answer(batch []*lookup) {
	ctx := inTrace(context.Background(), batch, func(r *lookup) context.Context { return r.ctx })
	_, err := read(ctx, l.store, func(ctx context.Context, conn *pgx.Conn) (struct{}, error) { return struct{}{}, find(ctx, conn, batch) })
	for _, r := range batch {
		if err != nil {
			r.err = err
		}
		close(r.done)
	}
}

// find notes in each of batch the user that it asks for, or that there is none.
func find(ctx context.Context, conn *pgx.Conn, batch []*lookup) error {
	ids := make([][16]byte, len(batch))
	for i, r := range batch {
		ids[i], r.err = r.id, &service.UserNotFoundError{ID: r.id}
	}
	rows, err := conn.Query(ctx, selectLookups, ids)
	if err != nil {
		return err
	}
	var u service.User
	var place int
	_, err = pgx.ForEachRow(rows, append(userTargets(&u), &place), func() error {
		inUTC(&u)
		batch[place-1].user, batch[place-1].err = u, nil
		return nil
	})
	return err
}
