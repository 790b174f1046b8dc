package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/userd/userd/service/postgres"
)

// databaseURL says where users are kept. It may hold a password, so that it
// prints without one and its errors do not repeat it.
type databaseURL struct {
	scheme databaseScheme
	path   string // of a file
	url    string // of a PostgreSQL database
}

// databaseScheme is the kind of place where users are kept.
type databaseScheme string

const (
	inMemory   databaseScheme = "memory"
	inFile     databaseScheme = "file"
	inPostgres databaseScheme = "postgres"
)

var errDatabaseURL = errors.New("the database URL must be memory:, file:PATH or postgres://USER@HOST/DATABASE")

// UnmarshalText reads a database URL.
func (d *databaseURL) UnmarshalText(text []byte) error {
	scheme, rest, found := strings.Cut(string(text), ":")
	switch {
	case found && scheme == "memory" && rest == "":
		*d = databaseURL{scheme: inMemory}
		return nil
	case found && scheme == "file":
		path, err := filePath(rest)
		*d = databaseURL{scheme: inFile, path: path}
		return err
	case found && (scheme == "postgres" || scheme == "postgresql"):
		*d = databaseURL{scheme: inPostgres, url: string(text)}
		return postgres.Config{URL: d.url}.Check()
	}
	return errDatabaseURL
}

// filePath reads what follows file: in either of the usual forms, a plain path
// or //HOST/PATH with no host.
func filePath(rest string) (string, error) {
	path := rest
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		if !strings.HasPrefix(after, "/") {
			return "", errors.New("a file: URL names a path and no host; write file:PATH or file:///PATH")
		}
		path = after
	}
	path, err := url.PathUnescape(path)
	if err != nil || path == "" || strings.ContainsAny(path, "?#\x00") {
		return "", errDatabaseURL
	}
	return path, nil
}

// String tells people where users are kept.
func (d databaseURL) String() string {
	switch d.scheme {
	case inMemory:
		return "memory only; they are lost when the process ends"
	case inPostgres:
		return "PostgreSQL " + postgres.Config{URL: d.url}.Server()
	}
	return "file " + d.path
}
