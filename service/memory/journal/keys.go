package journal

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/userd/userd/service"
)

const keyColumns = `name, scopes, hash, created_at, last_used_at, revoked_at, checksum`

// Keys returns the API keys in the file, in the order of their names. When what
// it reads is not what was written it returns an error of one sentence.
func (j *Journal) Keys(ctx context.Context) (keys []service.Key, err error) {
	c, err := connect(j.path, "ro")
	if err != nil {
		return nil, damaged(ctx, j.path, err)
	}
	defer c.Close()
	var sum checksum
	err = c.query(ctx, "SELECT "+keyColumns+" FROM keys ORDER BY name", func(values []driver.Value) error {
		k, err := keyOf(values, &sum)
		if err != nil {
			return fmt.Errorf("key %d: %w", len(keys)+1, err)
		}
		keys = append(keys, k)
		return nil
	})
	if err != nil {
		return nil, damaged(ctx, j.path, err)
	}
	return keys, nil
}

// PutKey writes a key in the place of the one with its name, if there is one:
// when it returns nil it is on the disk, after an error it is not in the file.
// Like Commit it is for one goroutine.
func (j *Journal) PutKey(k service.Key) error {
	w := j.writer
	err := w.transaction(func() error {
		return w.putKey.exec(k.Name, scopesText(k), k.Hash[:], k.CreatedAt.UnixMicro(), micros(k.LastUsedAt), micros(k.RevokedAt), w.sum.ofKey(&k))
	})
	if err != nil {
		_ = j.Fence() // as after a commit
	}
	return err
}

// keyOf reads the keyColumns.
func keyOf(values []driver.Value, sum *checksum) (k service.Key, err error) {
	in := row{values: values}
	k.Name = next[string](&in)
	for scope := range strings.FieldsSeq(next[string](&in)) {
		k.Scopes = append(k.Scopes, service.Scope(scope))
	}
	copy(k.Hash[:], next[[]byte](&in))
	k.CreatedAt, k.LastUsedAt, k.RevokedAt = in.time(), in.timeOrNever(), in.timeOrNever()
	if want := next[int64](&in); in.err == nil && sum.ofKey(&k) != want {
		in.err = errNotAsWritten
	}
	return k, in.err
}

// ofKey is the checksum of a row of keys.
func (c *checksum) ofKey(k *service.Key) int64 {
	c.buf = append(c.buf[:0], k.Hash[:]...)
	c.text(k.Name)
	c.text(scopesText(*k))
	c.int(k.CreatedAt.UnixMicro())
	c.int(micros(k.LastUsedAt))
	c.int(micros(k.RevokedAt))
	return c.sum()
}

func scopesText(k service.Key) string {
	var text []string
	for _, s := range k.Scopes {
		text = append(text, string(s))
	}
	return strings.Join(text, " ")
}

// micros is a time, or 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// timeOrNever reads what micros wrote.
func (r *row) timeOrNever() time.Time {
	n := next[int64](r)
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
