package postgres

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

const (
	// lookupLanes is how many queries for single users are under way at once.
	lookupLanes = 2
	// maxLookups bounds how many users one of them is for.
	maxLookups = 200
)

// lookups gathers requests for single users. Those that come while the lanes
// are busy share the next query: a server with many clients then asks a tenth
// as often, and one with few waits for nothing. No request is answered by a
// query that began before it came.
type lookups struct {
	store *Store

	mu      sync.Mutex
	waiting []*lookup // guarded by mu
	busy    int       // guarded by mu; lanes
}

// lookup is one request.
type lookup struct {
	ctx   context.Context
	id    uuid.UUID
	done  chan struct{}
	user  service.User
	found bool
	err   error
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
	if r.err == nil && !r.found {
		r.err = &service.UserNotFoundError{ID: id}
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

func (l *lookups) answer(batch []*lookup) {
	ids := make([][16]byte, len(batch))
	for i, r := range batch {
		ids[i] = r.id
	}
	ctx := inTrace(context.Background(), batch, func(r *lookup) context.Context { return r.ctx })
	users, err := query(ctx, l.store, scanUser, selectUsers, ids)
	byID := make(map[uuid.UUID]*service.User, len(users))
	for i := range users {
		byID[users[i].ID] = &users[i]
	}
	for _, r := range batch {
		if u := byID[r.id]; u != nil {
			r.user, r.found = *u, true
		}
		r.err = err
		close(r.done)
	}
}
