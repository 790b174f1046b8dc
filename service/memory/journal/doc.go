// Package journal keeps users and their change log in an SQLite file, for the
// memory store that answers from memory and must lose nothing.
//
// The file is in WAL mode with synchronous=FULL: what Commit has returned
// without an error is on the disk. Any SQLite tool can read it, also while the
// service runs; only one service can have it open.
package journal
