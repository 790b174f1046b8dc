package journal

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// applicationID marks the files that are ours ("usrd"); SQLite keeps it in the
// file's header.
const applicationID = 0x75737264

// migrations lead from one schema version to the next; the version, kept in
// the file's header, is how many have run. They are only ever added to.
var migrations = []string{
	`CREATE TABLE users (
		id             BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
		email          TEXT    NOT NULL,
		first_name     TEXT    NOT NULL,
		last_name      TEXT    NOT NULL,
		is_active      INTEGER NOT NULL CHECK (is_active IN (0, 1)),
		version        INTEGER NOT NULL CHECK (version > 0),
		created_at     INTEGER NOT NULL, -- microseconds since 1970, UTC
		updated_at     INTEGER NOT NULL,
		email_key      TEXT    NOT NULL,
		first_name_key TEXT    NOT NULL,
		last_name_key  TEXT    NOT NULL,
		password_hash  TEXT    NOT NULL,
		checksum       INTEGER NOT NULL  -- CRC-64 of the row
	) STRICT, WITHOUT ROWID;

	CREATE TABLE changes (
		seq        INTEGER PRIMARY KEY,
		at         INTEGER NOT NULL, -- microseconds since 1970, UTC
		kind       TEXT    NOT NULL,
		user_id    BLOB    NOT NULL,
		version    INTEGER NOT NULL,
		fields     TEXT    NOT NULL, -- JSON; without values once the user is deleted
		actor      TEXT    NOT NULL,
		request_id TEXT    NOT NULL,
		checksum   INTEGER NOT NULL
	) STRICT;

	CREATE TABLE state (
		one      INTEGER PRIMARY KEY CHECK (one = 1),
		log_id   TEXT    NOT NULL,   -- tells this change log from any other
		last_seq INTEGER NOT NULL,
		users    INTEGER NOT NULL,   -- how many there are
		digest   INTEGER NOT NULL,   -- their checksums, combined by XOR
		checksum INTEGER NOT NULL,
		fences   INTEGER NOT NULL    -- counts transactions that change nothing else
	) STRICT;

	CREATE TABLE ballast ( -- what is written to see whether the disk has room
		one   INTEGER PRIMARY KEY CHECK (one = 1),
		bytes BLOB    NOT NULL
	) STRICT;`,

	`CREATE TABLE keys (
		name         TEXT    PRIMARY KEY NOT NULL,
		scopes       TEXT    NOT NULL, -- with spaces between
		hash         BLOB    NOT NULL CHECK (length(hash) = 32),
		created_at   INTEGER NOT NULL, -- microseconds since 1970, UTC
		last_used_at INTEGER NOT NULL, -- 0: never
		revoked_at   INTEGER NOT NULL, -- 0: it is not
		checksum     INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;`,

	`CREATE TABLE items (
		kind       TEXT    NOT NULL,
		key        BLOB    NOT NULL CHECK (length(key) = 32),
		user_id    BLOB    NOT NULL CHECK (length(user_id) = 16), -- all zero: nobody's
		value      BLOB    NOT NULL,
		expires_at INTEGER NOT NULL, -- microseconds since 1970, UTC; 0: never
		checksum   INTEGER NOT NULL,
		PRIMARY KEY (kind, key)
	) STRICT, WITHOUT ROWID;`,

	// Microseconds since 1970, UTC. The checksum of a row without it is what it was
	// before there was such a column.
	`ALTER TABLE users ADD COLUMN email_verified_at INTEGER;`,

	// What the user's row is to have, as appendImage writes it; null when the row
	// was written with the change. The checksum as above.
	`ALTER TABLE changes ADD COLUMN image BLOB;`,
}

// upgrade runs those migrations that the file at path, whose schema version is
// from, has not seen, in one transaction. From 0 it creates the file.
func upgrade(ctx context.Context, path string, migrations []string, from int) error {
	c, err := connect(path, "rwc")
	if err != nil {
		return err
	}
	err = c.useWAL(ctx)
	if err == nil {
		err = c.migrate(ctx, migrations, from)
	}
	return errors.Join(err, c.Close())
}

// useWAL puts the file in WAL mode, in which commits are appended to a log.
func (c *conn) useWAL(ctx context.Context) error {
	return c.query(ctx, "PRAGMA journal_mode = WAL", func(values []driver.Value) error {
		if values[0] != "wal" {
			return errors.New("the file system does not support SQLite's write-ahead log")
		}
		return nil
	})
}

func (c *conn) migrate(ctx context.Context, migrations []string, from int) error {
	steps := slices.Clone(migrations[from:])
	if from == 0 {
		s := State{LogID: rand.Text()}
		steps = append(steps, "INSERT INTO ballast VALUES (1, x'')",
			fmt.Sprintf("INSERT INTO state VALUES (1, '%s', 0, 0, 0, %d, 0)", s.LogID, new(checksum).ofState(&s)))
	}
	steps = append(steps, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations)))
	err := c.exec(ctx, "BEGIN IMMEDIATE;\n"+strings.Join(steps, ";\n")+";\nCOMMIT")
	if err != nil {
		return errors.Join(err, c.exec(ctx, "ROLLBACK"))
	}
	return nil
}
