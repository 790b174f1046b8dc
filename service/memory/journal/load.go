package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/userd/userd/service"
)

// Load calls add for each user in the file, in the order of their ids. When
// what it reads is not what was written it returns an error of one sentence.
func (j *Journal) Load(ctx context.Context, add func(*service.Record)) error {
	checked := make(chan error, 1)
	go func() { checked <- j.check(ctx) }()
	err := j.loadUsers(ctx, add)
	if checkErr := <-checked; checkErr != nil {
		return checkErr // the cause of what loadUsers may have met
	}
	return err
}

// Start opens the file for writing. Until then it has only been read, so that
// one which turns out to be damaged stays as it was.
func (j *Journal) Start(ctx context.Context) (err error) {
	if j.writer, err = openWriter(ctx, j.path, j.state, j.history, j.deferred); err != nil {
		return fmt.Errorf("cannot write to %s: %w", j.path, err)
	}
	j.deferred = nil // the writer's from now on, who lets go of them one by one
	return nil
}

// Damaged is the error for a file whose users contradict each other.
func (j *Journal) Damaged(why error) error {
	return damaged(context.Background(), j.path, why)
}

// check looks at all of the file but the contents of users.
func (j *Journal) check(ctx context.Context) error {
	c, err := connect(j.path, "ro")
	if err != nil {
		return damaged(ctx, j.path, err)
	}
	defer c.Close()
	if err := c.checkStructure(ctx); err != nil {
		return damaged(ctx, j.path, err)
	}
	if j.history, err = c.readHistory(ctx, j.state); err != nil {
		return damaged(ctx, j.path, fmt.Errorf("the change log: %w", err))
	}
	return nil
}

// checkStructure has SQLite look for damage.
func (c *conn) checkStructure(ctx context.Context) error {
	return c.query(ctx, "PRAGMA integrity_check(1)", func(values []driver.Value) error {
		if values[0] != "ok" {
			return fmt.Errorf("%v", values[0])
		}
		return nil
	})
}

// readHistory reads the change log, which must be there without a gap, each
// change as it was written.
func (c *conn) readHistory(ctx context.Context, s State) (*history, error) {
	var sum checksum
	expected, h := s.FirstSeq, newHistory(s.FirstSeq)
	err := c.query(ctx, "SELECT "+changeColumns+" FROM changes ORDER BY seq", func(values []driver.Value) error {
		ch, _, err := changeOf(values, &sum)
		if err == nil && ch.Seq != expected {
			err = errors.New("some are missing")
		}
		if err != nil {
			return fmt.Errorf("change %d: %w", expected, err)
		}
		expected++
		h.add(ch.UserID)
		return nil
	})
	if err == nil && expected != s.LastSeq+1 {
		err = errors.New("the newest changes are missing")
	}
	return h, err
}

func (j *Journal) loadUsers(ctx context.Context, add func(*service.Record)) error {
	c, err := connect(j.path, "ro")
	if err != nil {
		return damaged(ctx, j.path, err)
	}
	defer c.Close()
	deferred, images, err := c.readDeferred(ctx, j.state)
	if err != nil {
		return damaged(ctx, j.path, fmt.Errorf("the change log: %w", err))
	}
	j.deferred = deferred
	var sum checksum
	count, digest := 0, int64(0)
	err = c.query(ctx, "SELECT "+userColumns+" FROM users ORDER BY id", func(values []driver.Value) error {
		r, rowSum, err := recordOf(values, &sum)
		if err != nil {
			return fmt.Errorf("user %d: %w", count+1, err)
		}
		count++
		if current := images.current(r); current != r {
			r, rowSum = current, sum.ofRecord(current)
		}
		digest ^= rowSum
		add(r)
		return nil
	})
	if err == nil && (count != j.state.Users || digest != j.state.digest) {
		err = errors.New("users are missing or there are some that were never written")
	}
	if err != nil {
		return damaged(ctx, j.path, err)
	}
	return nil
}
