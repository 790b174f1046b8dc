package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

const (
	// maxBatch bounds how many changes share one transaction, and how many wait
	// for the next one.
	maxBatch = 256
	// retryInterval is how often a database that went away is tried again.
	retryInterval = 200 * time.Millisecond
	// tidyInterval is how often changes that are too old are looked for.
	tidyInterval = time.Minute
	// pauseInterval is the pause between two transactions that tidy up, for others.
	pauseInterval = 100 * time.Millisecond
)

// job is a change, or several that happen as a whole, on its way to the
// database. One without a plan only shows that the database takes transactions.
type job struct {
	ctx context.Context
	at  time.Time
	// ids, emails and items are the users, e-mail keys and items that plan will
	// ask for.
	ids    []uuid.UUID
	emails []string
	items  itemRefs
	// plan stages what is to change, given the records that there will be when
	// its turn comes. When it returns an error it has staged nothing. It may be
	// called again, when the transaction is tried again.
	plan func(*plan.View) error

	done chan struct{}
	err  error
}

// writer carries out this copy's changes. Changes that come while a
// transaction is under way wait and share the next one, so that many callers
// need few transactions; the transactions of all copies happen one after the
// other, since each takes the next numbers of the one change log.
type writer struct {
	store   *Store
	config  Config
	conn    *connection     // the writer's own
	channel string          // where other copies hear of changes
	mark    service.ItemKey // of the writer's own item

	jobs    chan *job
	closing sync.RWMutex  // held for reading while a job is handed over
	closed  bool          // guarded by closing
	ended   chan struct{} // closed when the writer has ended

	mu   sync.Mutex
	away error // guarded by mu; why the database takes no changes
}

func newWriter(s *Store, pc *pgxpool.Config, logID string) *writer {
	w := &writer{
		store: s, config: s.config, channel: channelOf(logID),
		conn:  newConnection(s.config, pc),
		jobs:  make(chan *job, maxBatch),
		ended: make(chan struct{}),
	}
	rand.Read(w.mark[:]) // never fails
	return w
}

// change carries out j.
func (w *writer) change(ctx context.Context, j *job) error {
	j.ctx, j.done = ctx, make(chan struct{})
	if err := w.submit(j); err != nil {
		return err
	}
	<-j.done // once its turn has come a change is not called off: its outcome would be unknown
	return j.err
}

// ping returns nil once the database has taken a transaction.
func (w *writer) ping(ctx context.Context) error {
	j := &job{ctx: ctx, done: make(chan struct{})}
	if err := w.submit(j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// submit hands j to the writer, unless the database is known to be away.
func (w *writer) submit(j *job) error {
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	if err := w.awayError(); err != nil {
		return err
	}
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return errors.New("the store is closed")
	}
	select {
	case w.jobs <- j:
		return nil
	case <-j.ctx.Done():
		return context.Cause(j.ctx)
	}
}

// run carries out what is submitted, until close.
func (w *writer) run() {
	defer close(w.ended)
	defer w.conn.drop()
	tidy := time.NewTicker(tidyInterval)
	defer tidy.Stop()
	retry := time.NewTicker(retryInterval)
	defer retry.Stop()
	var again <-chan time.Time
	for {
		select {
		case j, ok := <-w.jobs:
			if !ok {
				return
			}
			w.carryOut(w.collect(j))
		case <-tidy.C:
			again = w.tidyUp()
		case <-again:
			again = w.tidyUp()
		case <-retry.C:
			w.tryAgain()
		}
	}
}

// close lets the changes in hand finish and ends the writer.
func (w *writer) close() {
	w.closing.Lock()
	if !w.closed {
		w.closed = true
		close(w.jobs)
	}
	w.closing.Unlock()
	<-w.ended
}

// collect adds to j what waits behind it. Callers that have just been answered
// get the chance to queue up again first.
func (w *writer) collect(j *job) []*job {
	for queued := -1; queued < len(w.jobs); {
		queued = len(w.jobs)
		runtime.Gosched()
	}
	batch := []*job{j}
	for size := j.size(); size < maxBatch && len(batch) < maxBatch; {
		select {
		case j, ok := <-w.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
			size += j.size()
		default:
			return batch
		}
	}
	return batch
}

// size is how many users and items the job is about.
func (j *job) size() int { return len(j.ids) + len(j.items.keys) }

// carryOut has the batch's changes made and answers. When the database does
// not take them it refuses all of them: even what failed for another reason may
// have failed because of a change that is not.
func (w *writer) carryOut(batch []*job) {
	live := w.wanted(batch)
	err := w.awayError()
	if err == nil && len(live) > 0 {
		err = w.commit(live)
	}
	if err != nil && len(live) > 1 && service.CodeOf(err) == service.CodeInternal {
		for _, j := range live { // one of them is a defect, which is not the others' fault
			w.carryOut([]*job{j})
		}
		return
	}
	for _, j := range live {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// wanted answers the jobs whose callers have gone, and returns the others.
func (w *writer) wanted(batch []*job) []*job {
	var live []*job
	for _, j := range batch {
		if j.ctx.Err() == nil {
			live = append(live, j)
			continue
		}
		j.err = context.Cause(j.ctx)
		close(j.done)
	}
	return live
}

// commit makes the batch's changes in one transaction. It tries again where the
// transaction is known not to have happened, as long as there is time.
func (w *writer) commit(batch []*job) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*timeFor(batch))
	defer cancel()
	ctx = inTrace(ctx, batch, func(j *job) context.Context { return j.ctx })
	for try := 1; ; try++ {
		err := w.try(ctx, batch)
		if err == nil {
			return nil
		}
		if _, unknown := errors.AsType[*service.OutcomeUnknownError](err); unknown {
			_ = w.setAway(err)
			return err
		}
		if try < maxTries && ctx.Err() == nil && (isTransient(err) || isOfClass(err, uniqueViolation)) {
			continue
		}
		if isAway(err) {
			return w.setAway(err)
		}
		return err
	}
}

// awayError is why the database takes no changes, or nil.
func (w *writer) awayError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.away
}

// setAway notes that the database takes no changes, and returns what callers
// are told until it does again.
func (w *writer) setAway(cause error) error {
	w.config.Log.Error("the database takes no changes", "error", cause)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = &service.UnavailableError{
		Reason: "Changes cannot be stored at the moment; nothing was changed.", RetryAfter: time.Second, Err: cause,
	}
	return w.away
}

// tryAgain lets changes through again once the database takes a transaction.
func (w *writer) tryAgain() {
	w.conn.leaveReplica() // even when there is nothing to write
	if w.awayError() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if _, err := w.probe(ctx, nil); err != nil {
		w.config.Log.Debug("the database still takes no changes", "error", err)
		return
	}
	w.config.Log.Info("the database takes changes again")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = nil
}

// tidyUp drops some of the changes and items that are not to be kept, and tells
// when to go on with the rest, if there may be any.
func (w *writer) tidyUp() (again <-chan time.Time) {
	dropped, expired := w.dropOld(), w.dropExpired()
	if dropped || expired {
		return time.After(pauseInterval)
	}
	return nil
}

// dropOld drops some of the changes that are too old or too many. It reports
// whether it did.
func (w *writer) dropOld() bool {
	if w.awayError() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	dropped, err := w.dropBefore(ctx, w.config.Now().Add(-w.config.KeepChangesFor))
	if err != nil {
		w.config.Log.Warn("cannot drop old changes", "error", err)
	}
	return err == nil && dropped
}
