package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Changes returns at most limit changes with numbers over after and up to
// through, oldest first; of one user alone unless userID is uuid.Nil.
func (j *Journal) Changes(ctx context.Context, after, through int64, userID uuid.UUID, limit int) ([]service.Change, error) {
	rows, err := j.queryChanges(ctx, after, through, userID, limit)
	if err != nil {
		return nil, fmt.Errorf("read the change log: %w", err)
	}
	defer rows.Close()
	var changes []service.Change
	var sum checksum
	for rows.Next() {
		c, err := scanChange(rows, &sum)
		if err != nil {
			return nil, fmt.Errorf("read change %d: %w", c.Seq, err)
		}
		changes = append(changes, c)
	}
	return changes, rows.Err()
}

func (j *Journal) queryChanges(ctx context.Context, after, through int64, userID uuid.UUID, limit int) (*sql.Rows, error) {
	const columns = `SELECT ` + changeColumns + ` FROM changes `
	if userID == uuid.Nil {
		return j.readers.QueryContext(ctx, columns+`WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, after, through, limit)
	}
	seqs, err := json.Marshal(j.history.of(userID, after, through, limit))
	if err != nil {
		return nil, err
	}
	return j.readers.QueryContext(ctx, columns+`WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`, string(seqs))
}

// FirstSince looks at the limit oldest changes and returns the first that is
// not before t; the one after them when all are. Like Commit it is for one
// goroutine, who does not wait for readers.
func (j *Journal) FirstSince(t time.Time, limit int) (seq int64, err error) {
	s := &j.writer.state
	seq = min(s.FirstSeq+int64(limit), s.LastSeq+1)
	err = j.writer.firstSince.query(func(values []driver.Value) error {
		seq, _ = values[0].(int64)
		return nil
	}, seq, t.UnixMicro())
	return seq, err
}

func scanChange(rows *sql.Rows, sum *checksum) (service.Change, error) {
	values := make([]driver.Value, 10)
	targets := make([]any, len(values))
	for i := range values {
		targets[i] = (*any)(&values[i])
	}
	if err := rows.Scan(targets...); err != nil {
		return service.Change{}, err
	}
	c, _, err := changeOf(values, sum)
	return c, err
}
