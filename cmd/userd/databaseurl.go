package main

import (
	"errors"
	"net/url"
	"strings"
)

// databaseURL says where users are kept. It may hold a password, so that it
// prints without one and its errors do not repeat it.
type databaseURL struct {
	scheme string
	path   string // of scheme file
}

var errDatabaseURL = errors.New("the database URL must be memory: or file:PATH")

// UnmarshalText reads a database URL.
func (d *databaseURL) UnmarshalText(text []byte) error {
	scheme, rest, found := strings.Cut(string(text), ":")
	switch {
	case found && scheme == "memory" && rest == "":
		*d = databaseURL{scheme: scheme}
		return nil
	case found && scheme == "file":
		path, err := filePath(rest)
		*d = databaseURL{scheme: scheme, path: path}
		return err
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
	if d.scheme == "memory" {
		return "memory only; they are lost when the process ends"
	}
	return "file " + d.path
}
