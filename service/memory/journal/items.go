package journal

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/userd/userd/service"
)

const itemColumns = `kind, key, user_id, value, expires_at, checksum`

// ItemEntry puts New, or nothing, in the place of the item with this kind and
// key, or of none.
type ItemEntry struct {
	Kind service.ItemKind
	Key  service.ItemKey
	New  *service.Item
}

// Items calls add for each item in the file. When what it reads is not what was
// written it returns an error of one sentence.
func (j *Journal) Items(ctx context.Context, add func(*service.Item)) error {
	c, err := connect(j.path, "ro")
	if err != nil {
		return damaged(ctx, j.path, err)
	}
	defer c.Close()
	var sum checksum
	count := 0
	err = c.query(ctx, "SELECT "+itemColumns+" FROM items ORDER BY kind, key", func(values []driver.Value) error {
		count++
		i, err := itemOf(values, &sum)
		if err != nil {
			return fmt.Errorf("item %d: %w", count, err)
		}
		add(i)
		return nil
	})
	if err != nil {
		return damaged(ctx, j.path, err)
	}
	return nil
}

// writeItem writes one entry.
func (w *writer) writeItem(e *ItemEntry) error {
	i := e.New
	if i == nil {
		return w.dropItem.exec(string(e.Kind), e.Key[:])
	}
	return w.putItem.exec(string(i.Kind), i.Key[:], i.User[:], i.Value, micros(i.ExpiresAt), w.sum.ofItem(i))
}

// itemOf reads the itemColumns.
func itemOf(values []driver.Value, sum *checksum) (*service.Item, error) {
	in := row{values: values}
	i := &service.Item{Kind: service.ItemKind(next[string](&in))}
	copy(i.Key[:], next[[]byte](&in))
	i.User, i.Value, i.ExpiresAt = in.id(), next[[]byte](&in), in.timeOrNever()
	if want := next[int64](&in); in.err == nil && sum.ofItem(i) != want {
		in.err = errNotAsWritten
	}
	return i, in.err
}

// ofItem is the checksum of a row of items.
func (c *checksum) ofItem(i *service.Item) int64 {
	c.buf = append(append(c.buf[:0], i.Key[:]...), i.User[:]...)
	c.text(string(i.Kind))
	c.text(string(i.Value))
	c.int(micros(i.ExpiresAt))
	return c.sum()
}
