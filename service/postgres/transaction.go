package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

const (
	// maxPrune bounds how many more changes one transaction drops than it adds.
	maxPrune = 1000
	// manyRows is from how many rows on COPY is worth a round trip of its own.
	manyRows = 500
	// timePerUser is what each user or item of a transaction may add to its time.
	timePerUser = 5 * time.Millisecond
)

// state is userd_state's row.
type state struct {
	logID            string
	first, last      int64
	active, inactive int64
}

// transaction makes the changes of a batch. It goes to the server twice: once
// to take the lock and read what the batch is about, and once to write and
// commit.
type transaction struct {
	conn  *pgx.Conn
	state state
	view  *plan.View

	writes  pgx.Batch        // what is to be sent before the commit
	round   round            // what is to be added to writes
	changes []service.Change // what is to be appended to the log
	erased  []uuid.UUID      // whose older changes are to lose their values
	tooOld  int64            // changes before this one are to go
	mark    *service.Item    // what is to be written to find the transaction again, where there are no changes
}

// records are those that a batch is about.
type records struct {
	byID    map[uuid.UUID]*service.Record
	byEmail map[string]*service.Record
	items   map[plan.ItemRef]*service.Item
}

// Record implements [plan.Source].
func (r records) Record(id uuid.UUID) *service.Record { return r.byID[id] }

// WithEmail implements [plan.Source].
func (r records) WithEmail(key string) *service.Record { return r.byEmail[key] }

// try makes the batch's changes once. After *[service.OutcomeUnknownError]
// they may have been made, after any other error they have not.
func (w *writer) try(ctx context.Context, batch []*job) error {
	start := time.Now()
	conn, err := w.conn.get(ctx)
	if err != nil {
		return err
	}
	t := &transaction{conn: conn}
	err = t.begin(ctx, batch, timeFor(batch))
	for _, j := range batch {
		if err == nil && j.plan != nil {
			err = t.carryOut(ctx, j)
		}
	}
	if err != nil || len(t.changes) == 0 && !isPromise(batch) {
		return w.abandon(err)
	}
	if len(t.changes) == 0 && t.hasItems() {
		t.mark = w.newMark()
	}
	if err := t.finish(ctx, w.config.KeepChanges, w.channel); err != nil {
		return w.abandon(err)
	}
	if err := w.end(ctx, t); err != nil {
		return err
	}
	w.config.Committed(len(t.changes)+len(t.view.Items), time.Since(start))
	w.store.latest.advance(t.state.last)
	return nil
}

// timeFor bounds the steps of a transaction, generously for many users.
func timeFor(batch []*job) time.Duration {
	limit := writeTimeout
	for _, j := range batch {
		limit += time.Duration(j.size()) * timePerUser
	}
	return limit
}

// isPromise tells whether somebody will be told of success, and be it that the
// user is as desired already: what was read may be a commit that no standby has
// yet, which a commit of our own waits for.
func isPromise(batch []*job) bool {
	return slices.ContainsFunc(batch, func(j *job) bool { return j.err == nil })
}

// abandon ends a transaction that is not to happen, because of err or because
// there is nothing to do.
func (w *writer) abandon(err error) error {
	err = ifLost(w.conn.conn, err)
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if isOfClass(err, readOnly) {
		w.store.leave(w.conn.conn)
	}
	if isLost(err) || isOfClass(err, readOnly) || ifAny(w.conn.conn.Exec(ctx, rollback)) != nil {
		w.conn.drop() // which ends the transaction, too
	}
	return err
}

func ifAny[T any](_ T, err error) error { return err }

// begin takes the lock and reads what the batch is about.
func (t *transaction) begin(ctx context.Context, batch []*job, limit time.Duration) error {
	var ids []uuid.UUID
	var emails []string
	var items itemRefs
	for _, j := range batch {
		ids, emails = append(ids, j.ids...), append(emails, j.emails...)
		items.kinds, items.keys = append(items.kinds, j.items.kinds...), append(items.keys, j.items.keys...)
	}
	found := records{byID: make(map[uuid.UUID]*service.Record), byEmail: make(map[string]*service.Record), items: make(map[plan.ItemRef]*service.Item)}
	var b pgx.Batch
	queueBegin(&b, limit)
	b.Queue(lockState).QueryRow(func(row pgx.Row) error {
		return row.Scan(&t.state.logID, &t.state.first, &t.state.last, &t.state.active, &t.state.inactive)
	})
	b.Queue(recordsByID, idArray(ids)).Query(found.collect)
	b.Queue(recordsByEmail, emails).Query(found.collect)
	if len(items.keys) > 0 {
		b.Queue(itemsByRef, items.kinds, items.keys).Query(found.collectItems)
	}
	t.view = plan.NewView(found)
	return t.conn.SendBatch(ctx, &b).Close()
}

// queueBegin begins a transaction that the server ends if this program falls
// silent, so that it does not keep the lock from everybody else.
func queueBegin(b *pgx.Batch, limit time.Duration) {
	b.Queue(begin)
	b.Queue(limitTransaction, milliseconds(limit), milliseconds(idleInTransactionTimeout))
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func (r records) collect(rows pgx.Rows) error {
	found, err := pgx.CollectRows(rows, scanRecord)
	for _, record := range found {
		r.byID[record.User.ID] = record
		r.byEmail[record.Keys.Email] = record
	}
	return err
}

// carryOut has j stage what is to change and takes note of what follows.
func (t *transaction) carryOut(ctx context.Context, j *job) error {
	staged := len(t.view.Steps)
	j.err = j.plan(t.view)
	for _, step := range t.view.Steps[staged:] {
		if t.round.hasFreed(step.New) {
			if err := t.flush(ctx); err != nil {
				return err
			}
		}
		t.round.add(step)
		t.count(step.Old, -1)
		t.count(step.New, 1)
		t.log(step, j.at, service.OriginOf(j.ctx))
	}
	return nil
}

// count follows how many users there are.
func (t *transaction) count(r *service.Record, n int64) {
	switch {
	case r == nil:
	case r.User.IsActive:
		t.state.active += n
	default:
		t.state.inactive += n
	}
}

// log appends the step to the change log.
func (t *transaction) log(s plan.Step, at time.Time, o service.Origin) {
	c := service.NewChange(s.Old, s.New, at, o)
	if c.Kind == service.ChangeDeleted {
		t.erased = append(t.erased, c.UserID)
		for i, earlier := range t.changes {
			if earlier.UserID == c.UserID {
				t.changes[i] = earlier.Erased()
			}
		}
	}
	t.state.last++
	c.Seq = t.state.last
	t.changes = append(t.changes, c)
}

// finish queues all that is to be written.
func (t *transaction) finish(ctx context.Context, keep int, channel string) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	if len(t.erased) > 0 {
		t.writes.Queue(eraseChanges, idArray(t.erased))
	}
	if err := t.writeChanges(ctx); err != nil {
		return err
	}
	t.queueItems()
	if first := t.keepFrom(keep); first > t.state.first {
		t.writes.Queue(dropChanges, t.state.first, first)
		t.state.first = first
	}
	t.writes.Queue(putState, t.state.first, t.state.last, t.state.active, t.state.inactive)
	if len(t.changes) > 0 {
		t.writes.Queue(notify, channel, strconv.FormatInt(t.state.last, 10))
	}
	t.writes.Queue(commit)
	return nil
}

// keepFrom is the oldest change that stays, where as many as keep do. What has
// to go beyond maxPrune goes in portions, to keep transactions short.
func (t *transaction) keepFrom(keep int) int64 {
	return min(max(t.state.last-int64(keep)+1, t.tooOld), t.state.first+int64(len(t.changes))+maxPrune)
}

// flush writes the round, or queues it, and begins a new one.
func (t *transaction) flush(ctx context.Context) error {
	deleted, updated, created := t.round.net()
	t.round = round{}
	if len(deleted) > 0 {
		t.writes.Queue(deleteUsers, idArray(deleted))
	}
	if len(updated) > 0 {
		t.writes.Queue(updateUsers, recordArrays(updated)...)
	}
	if len(created) >= manyRows {
		return t.copyIn(ctx, "userd_users", writtenNames, len(created), func(i int) ([]any, error) { return recordValues(created[i]), nil })
	}
	if len(created) > 0 {
		t.writes.Queue(insertUsers, recordArrays(created)...)
	}
	return nil
}

// writeChanges writes the new part of the change log, or queues it.
func (t *transaction) writeChanges(ctx context.Context) error {
	if len(t.changes) >= manyRows {
		return t.copyIn(ctx, "userd_changes", changeNames, len(t.changes), func(i int) ([]any, error) { return changeValues(&t.changes[i]) })
	}
	if len(t.changes) == 0 {
		return nil
	}
	arrays, err := changeArrays(t.changes)
	if err == nil {
		t.writes.Queue(insertChanges, arrays...)
	}
	return err
}

// copyIn writes what is queued, and then n rows by COPY.
func (t *transaction) copyIn(ctx context.Context, table string, columns []string, n int, row func(int) ([]any, error)) error {
	if t.writes.Len() > 0 {
		if err := t.conn.SendBatch(ctx, &t.writes).Close(); err != nil {
			return err
		}
		t.writes = pgx.Batch{}
	}
	_, err := t.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, row))
	return err
}

// end sends what was queued, with the commit at its end.
func (w *writer) end(ctx context.Context, t *transaction) error {
	w.conn.warned.Store(false)
	err := ifLost(t.conn, t.conn.SendBatch(ctx, &t.writes).Close())
	switch {
	case err == nil && !w.conn.warned.Load():
		return nil
	case err != nil && (isRolledBack(err) || !isAway(err)): // the server's word, or never sent
		return w.abandon(err)
	}
	w.conn.drop()
	return w.settle(t, err)
}

// settle finds out what has become of a transaction whose commit was not
// answered, or was answered with a warning that no standby has it yet. It takes
// the lock, so that the transaction is over, and commits one of its own: when
// that is safe, so is what came before it.
func (w *writer) settle(t *transaction, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	receipt := t.receipt()
	found, err := w.probe(ctx, receipt)
	switch {
	case err != nil:
		return &service.OutcomeUnknownError{Err: errors.Join(cause, err)}
	case found || cause == nil && receipt == nil:
		return nil
	case cause == nil: // it was made on a server that is no longer the primary, and is lost with it
		return &lostError{errNotReplicated}
	}
	return cause
}

// receipt is the one thing by which it can be told whether a transaction was made.
type receipt struct {
	sql  string
	args []any
	seq  int64 // of the change that is sought; 0 for a mark
}

// receipt returns nil for a transaction that has written nothing.
func (t *transaction) receipt() *receipt {
	switch {
	case len(t.changes) > 0:
		c := &t.changes[len(t.changes)-1]
		return &receipt{findChange, []any{c.Seq, [16]byte(c.UserID), c.Version, c.At, c.Origin.RequestID}, c.Seq}
	case t.mark != nil:
		return &receipt{findMark, []any{string(t.mark.Kind), t.mark.Key[:], t.mark.Value}, 0}
	}
	return nil
}

// probe commits a transaction that changes no user and no change, and tells
// whether the one that is sought has left its receipt.
func (w *writer) probe(ctx context.Context, sought *receipt) (found bool, err error) {
	conn, err := w.conn.get(ctx)
	if err != nil {
		return false, err
	}
	var b pgx.Batch
	queueBegin(&b, writeTimeout)
	var first, last int64
	b.Queue(countProbe).QueryRow(func(row pgx.Row) error { return row.Scan(&first, &last) })
	if sought != nil {
		b.Queue(sought.sql, sought.args...).QueryRow(func(row pgx.Row) error { return row.Scan(&found) })
	}
	b.Queue(commit)
	w.conn.warned.Store(false)
	if err := ifLost(conn, conn.SendBatch(ctx, &b).Close()); err != nil {
		return false, w.abandon(err)
	}
	if w.conn.warned.Load() {
		return false, errNotReplicated
	}
	w.store.latest.advance(last)
	if sought != nil && !found && sought.seq != 0 && sought.seq < first {
		return false, errDropped
	}
	return found, nil
}

// dropBefore drops some of the changes from before at, and of those beyond as many
// as are kept, and tells whether there were any.
func (w *writer) dropBefore(ctx context.Context, at time.Time) (dropped bool, err error) {
	conn, err := w.conn.get(ctx)
	if err != nil {
		return false, err
	}
	t := &transaction{conn: conn}
	err = t.begin(ctx, nil, writeTimeout)
	if err == nil {
		end := min(t.state.first+maxPrune, t.state.last+1)
		err = conn.QueryRow(ctx, firstSince, t.state.first, end, at).Scan(&t.tooOld)
	}
	if err != nil || t.keepFrom(w.config.KeepChanges) <= t.state.first {
		return false, w.abandon(err)
	}
	if err := t.finish(ctx, w.config.KeepChanges, w.channel); err != nil {
		return false, w.abandon(err)
	}
	return true, w.end(ctx, t)
}
