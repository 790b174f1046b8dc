package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

const itemColumns = `kind, key, user_id, value, expires_at`

// The statements about items.
const (
	selectItem  = `SELECT ` + itemColumns + ` FROM userd_items WHERE kind = $1 AND key = $2 AND (expires_at IS NULL OR expires_at > $3)`
	selectItems = `SELECT ` + itemColumns + ` FROM userd_items
		WHERE kind = $1 AND key > $2 AND (expires_at IS NULL OR expires_at > $3) ORDER BY key LIMIT $4`
	selectItemsOfUser = `SELECT ` + itemColumns + ` FROM userd_items
		WHERE kind = $1 AND key > $2 AND (expires_at IS NULL OR expires_at > $3) AND user_id = $5 ORDER BY key LIMIT $4`

	itemsByRef = `SELECT ` + itemColumns + ` FROM userd_items JOIN unnest($1::text[], $2::bytea[]) AS v (kind, key) USING (kind, key)`
	endItems   = `DELETE FROM userd_items i USING unnest($1::uuid[], $2::text[]) AS v (user_id, kind)
		WHERE i.user_id = v.user_id AND (v.kind IS NULL OR i.kind = v.kind)`
	removeItems = `DELETE FROM userd_items i USING unnest($1::text[], $2::bytea[]) AS v (kind, key) WHERE i.kind = v.kind AND i.key = v.key`
	putItems    = `INSERT INTO userd_items (` + itemColumns + `)
		SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::bytea[], $5::timestamptz[])
		ON CONFLICT (kind, key) DO UPDATE SET (user_id, value, expires_at) = (EXCLUDED.user_id, EXCLUDED.value, EXCLUDED.expires_at)`
	dropExpired = `DELETE FROM userd_items WHERE (kind, key) IN (SELECT kind, key FROM userd_items WHERE expires_at <= $1 LIMIT $2)`

	// findMark tells whether the writer's last transaction that left a mark was this one.
	findMark = `SELECT count(*) > 0 FROM userd_items WHERE kind = $1 AND key = $2 AND value = $3`
)

// maxExpired bounds how many items one transaction of the background removes.
const maxExpired = 1000

// Item implements [service.Store].
func (s *Store) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, at time.Time) (service.Item, error) {
	return read(ctx, s, func(ctx context.Context, conn *pgx.Conn) (service.Item, error) {
		rows, err := conn.Query(ctx, selectItem, string(kind), key[:], at)
		if err != nil {
			return service.Item{}, err
		}
		i, err := pgx.CollectExactlyOneRow(rows, scanItem)
		if errors.Is(err, pgx.ErrNoRows) {
			err = &service.ItemNotFoundError{Kind: kind}
		}
		return i, err
	})
}

// Items implements [service.Store].
func (s *Store) Items(ctx context.Context, q service.ItemQuery) ([]service.Item, error) {
	after := []byte{} // no key is before it
	if q.After != nil {
		after = q.After[:]
	}
	args := []any{string(q.Kind), after, q.At, q.Limit}
	if q.User == uuid.Nil {
		return query(ctx, s, scanItem, selectItems, args...)
	}
	return query(ctx, s, scanItem, selectItemsOfUser, append(args, [16]byte(q.User))...)
}

// ChangeItems implements [service.Store].
func (s *Store) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	j := &job{at: at, plan: func(v *plan.View) error { return v.ChangeItems(at, changes) }}
	j.about(changes)
	return s.writer.change(ctx, j)
}

// about notes that the job's plan will ask for these items, and the users they
// are to belong to.
func (j *job) about(changes []service.ItemChange) {
	for _, c := range changes {
		j.items.add(c.Kind, c.Key)
		if c.New != nil && c.New.User != uuid.Nil {
			j.ids = append(j.ids, c.New.User)
		}
	}
}

func scanItem(row pgx.CollectableRow) (i service.Item, err error) {
	var key []byte
	var user *[16]byte
	err = row.Scan(&i.Kind, &key, &user, &i.Value, (*timeOrNull)(&i.ExpiresAt))
	copy(i.Key[:], key)
	if user != nil {
		i.User = *user
	}
	return i, err
}

// itemRefs are the kinds and keys of items, as arrays.
type itemRefs struct {
	kinds []string
	keys  [][]byte
}

func (r *itemRefs) add(kind service.ItemKind, key service.ItemKey) {
	r.kinds, r.keys = append(r.kinds, string(kind)), append(r.keys, key[:])
}

// itemRows are items as the arguments of putItems.
type itemRows struct {
	itemRefs
	users   []*[16]byte
	values  [][]byte
	expires []*time.Time
}

func (r *itemRows) add(i *service.Item) {
	var user *[16]byte
	if i.User != uuid.Nil {
		user = (*[16]byte)(&i.User)
	}
	var expires *time.Time
	if !i.ExpiresAt.IsZero() {
		expires = &i.ExpiresAt
	}
	r.itemRefs.add(i.Kind, i.Key)
	r.users, r.values, r.expires = append(r.users, user), append(r.values, i.Value), append(r.expires, expires)
}

// Item implements [plan.Source].
func (r records) Item(ref plan.ItemRef) *service.Item { return r.items[ref] }

func (r records) collectItems(rows pgx.Rows) error {
	found, err := pgx.CollectRows(rows, scanItem)
	for _, i := range found {
		r.items[plan.ItemRef{Kind: i.Kind, Key: i.Key}] = &i
	}
	return err
}

// queueItems queues what is to become of items, once the users are written.
func (t *transaction) queueItems() {
	t.queueEndings()
	var removed itemRefs
	var put itemRows
	for ref, i := range t.view.Items {
		if i == nil {
			removed.add(ref.Kind, ref.Key)
		} else {
			put.add(i)
		}
	}
	if t.mark != nil {
		put.add(t.mark)
	}
	if len(removed.keys) > 0 {
		t.writes.Queue(removeItems, removed.kinds, removed.keys)
	}
	if len(put.keys) > 0 {
		t.writes.Queue(putItems, put.kinds, put.keys, put.users, put.values, put.expires)
	}
}

// queueEndings queues the end of items of users. Those of a user who goes go by
// the foreign key; one who goes and comes back by an import has it not.
func (t *transaction) queueEndings() {
	var users [][16]byte
	var kinds []*string // nil: all
	for user, ending := range t.view.Ended {
		if t.view.Record(user) == nil {
			continue
		}
		if ending.All {
			users, kinds = append(users, user), append(kinds, nil)
			continue
		}
		for _, kind := range ending.Kinds {
			users, kinds = append(users, user), append(kinds, (*string)(&kind))
		}
	}
	if len(users) > 0 {
		t.writes.Queue(endItems, users, kinds)
	}
}

// hasItems tells whether anything is to become of items.
func (t *transaction) hasItems() bool { return len(t.view.Items) > 0 || len(t.view.Ended) > 0 }

// newMark is an item by which a transaction is found again that is in no change
// log. Each writer has one, which its next transaction of this kind replaces;
// nobody else writes to it, so that it says for certain what became of the last.
func (w *writer) newMark() *service.Item {
	const day = 24 * time.Hour // renewed seldom, so that the index over it stays as it is
	return &service.Item{Kind: "store.mark", Key: w.mark, Value: []byte(rand.Text()), ExpiresAt: w.config.Now().UTC().Truncate(day).Add(2 * day)}
}

// dropExpired removes some of the items that have ended, and reports whether there
// may be more.
func (w *writer) dropExpired() bool {
	if w.awayError() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	n, err := w.removeExpired(ctx, w.config.Now())
	if err != nil {
		w.config.Log.Warn("cannot remove items that have ended", "error", err)
	}
	return n >= maxExpired
}

// removeExpired takes the lock like any other change: who has read an item must
// find it until it commits. What becomes of the commit need not be known.
func (w *writer) removeExpired(ctx context.Context, at time.Time) (n int64, err error) {
	conn, err := w.conn.get(ctx)
	if err != nil {
		return 0, err
	}
	var b pgx.Batch
	queueBegin(&b, writeTimeout)
	b.Queue(lockState)
	b.Queue(dropExpired, at, maxExpired).Exec(func(tag pgconn.CommandTag) error {
		n = tag.RowsAffected()
		return nil
	})
	b.Queue(commit)
	if err := ifLost(conn, conn.SendBatch(ctx, &b).Close()); err != nil {
		return 0, w.abandon(err)
	}
	return n, nil
}
