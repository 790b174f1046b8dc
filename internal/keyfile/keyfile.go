// Package keyfile recognises API keys by a file that an operator keeps, such as
// a secret that an orchestrator mounts.
package keyfile

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/userd/userd/service"
)

const (
	// maxSize bounds the file, in bytes: service.MaxKeys lines of usual length.
	maxSize = 1 << 20
	// readInterval is the least time between two times of reading it.
	readInterval = time.Second
)

// File is a file of API keys. Each line is one key, by its name, its scopes and
// the SHA-256 of the key in hexadecimal; whoever reads the file learns no key.
// Empty lines and those that begin with # do not count:
//
//	billing users:read,changes:read 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
type File struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	keys []service.Key // guarded by mu
	text []byte        // guarded by mu; what the file held when it was read last
	read time.Time     // guarded by mu
}

// Open reads the file at path. The error for what is no such file is one
// sentence, which repeats nothing of it.
func Open(path string, log *slog.Logger) (*File, error) {
	f := &File{path: path, log: log, read: time.Now()}
	var err error
	if f.text, err = f.load(); err == nil {
		f.keys, err = parse(f.text)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the API keys: %w", err)
	}
	return f, nil
}

// Authenticate is a [service.Authenticator]. The file is read again within a
// second of its change. While it cannot be read, or has mistakes, the keys that
// it held before are good.
func (f *File) Authenticate(_ context.Context, token string) (service.Actor, error) {
	hash := service.HashKey(token)
	k, err := f.find(hash)
	if err != nil {
		return service.Actor{}, err
	}
	return service.KeyActor(k.Name, k.Scopes).While(func(context.Context) error {
		_, err := f.find(hash)
		return err
	}), nil
}

// find returns the key with this hash. It looks at all keys, whichever it is.
func (f *File) find(hash service.KeyHash) (found service.Key, err error) {
	err = &service.UnauthenticatedError{Invalid: true}
	for _, k := range f.current() {
		if k.Hash.Equal(hash) {
			found, err = k, nil
		}
	}
	return found, err
}

// current returns the keys, of a file that was read less than a second ago.
func (f *File) current() []service.Key {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.read) < readInterval {
		return f.keys
	}
	f.read = time.Now()
	text, err := f.load()
	if err == nil && bytes.Equal(text, f.text) {
		return f.keys
	}
	var keys []service.Key
	if err == nil {
		f.text = text // once is often enough to complain about it
		keys, err = parse(text)
	}
	if err != nil {
		f.log.Error("cannot read the API keys; those that were read before are still good", "error", err)
		return f.keys
	}
	f.keys = keys
	f.log.Info("the API keys have changed", "keys", len(keys))
	return f.keys
}

func (f *File) load() ([]byte, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if len(text) > maxSize {
		err = fmt.Errorf("the file has more than %d bytes", maxSize)
	}
	return text, err
}

// parse reads the lines of a file.
func parse(text []byte) ([]service.Key, error) {
	var keys []service.Key
	names := make(map[string]bool)
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := parseLine(line)
		if err == nil && names[k.Name] {
			err = errors.New("a name stands twice")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		names[k.Name] = true
		keys = append(keys, k)
	}
	return keys, nil
}

// parseLine reads one key.
func parseLine(line string) (service.Key, error) {
	part := strings.Fields(line)
	if len(part) != 3 {
		return service.Key{}, errors.New("a key is a name, its scopes with commas between, and the SHA-256 of the key")
	}
	k, wrong := service.CheckKey(service.KeyInput{Name: part[0], Scopes: strings.Split(part[1], ",")})
	if len(wrong) > 0 {
		return k, errors.New(wrong[0].Message)
	}
	hash, err := hex.DecodeString(part[2])
	if err != nil || len(hash) != len(k.Hash) {
		return k, errors.New("the SHA-256 of a key is 64 hexadecimal digits")
	}
	copy(k.Hash[:], hash)
	return k, nil
}

// Line is the line of a file that stands for a key.
func Line(k service.Key) string {
	var scopes []string
	for _, s := range k.Scopes {
		scopes = append(scopes, string(s))
	}
	return k.Name + " " + strings.Join(scopes, ",") + " " + hex.EncodeToString(k.Hash[:])
}
