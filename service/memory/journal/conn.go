package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"modernc.org/sqlite"
)

// conn is one connection to the file for one goroutine at a time. It goes past
// database/sql, which prepares each statement anew in each transaction and
// copies each value of a row twice; both show when every change of a user and
// every start of the service waits for it.
type conn struct {
	driver.Conn
	prepared []*stmt
}

// connect opens a connection to the file at path; mode is SQLite's.
func connect(path, mode string) (*conn, error) {
	c, err := (&sqlite.Driver{}).Open(dataSource(path, mode))
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// exec runs statements that need no preparation.
func (c *conn) exec(ctx context.Context, statements string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, statements, nil)
	return err
}

// prepare makes a statement that lives as long as the connection.
func (c *conn) prepare(text string) (*stmt, error) {
	s, err := c.Prepare(text)
	if err != nil {
		return nil, err
	}
	p := &stmt{Stmt: s}
	c.prepared = append(c.prepared, p)
	return p, nil
}

// Close closes the connection and what it has prepared; SQLite would keep the
// file open for as long as there are statements.
func (c *conn) Close() error {
	var err error
	for _, s := range c.prepared {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.Conn.Close())
}

// query calls row for each row of the answer, whose values are its own.
func (c *conn) query(ctx context.Context, text string, row func([]driver.Value) error) error {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, text, nil)
	if err != nil {
		return err
	}
	return forEach(rows, row)
}

// stmt is a prepared statement.
type stmt struct {
	driver.Stmt
	args []driver.NamedValue
}

func (s *stmt) exec(args ...driver.Value) error {
	_, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.named(args))
	return err
}

func (s *stmt) query(row func([]driver.Value) error, args ...driver.Value) error {
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), s.named(args))
	if err != nil {
		return err
	}
	return forEach(rows, row)
}

// named is args as the driver wants them, in memory that the next call uses again.
func (s *stmt) named(args []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

func forEach(rows driver.Rows, row func([]driver.Value) error) (err error) {
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(values); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := row(values); err != nil {
			return err
		}
	}
}
