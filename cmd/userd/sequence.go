package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"sync"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// sequence makes ids, keys and tokens that are the same every run. The ids are UUIDs of
// version 7 that say so: 00000000-0000-7000-8000-000000000001 and so on. As they
// grow, users whom a list's order leaves in one place stand as they were created.
type sequence struct {
	users service.Store

	mu       sync.Mutex
	count    counts          // guarded by mu
	start    counts          // guarded by mu
	reserved map[string]bool // guarded by mu; ids that somebody else gives
}

// counts are how many there were.
type counts struct{ ids, keys, tokens uint64 }

func newSequence(users service.Store) *sequence {
	return &sequence{users: users, reserved: make(map[string]bool)}
}

// newID returns the next id that is not reserved and that no user has.
func (s *sequence) newID() (uuid.UUID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		s.count.ids++
		id := uuid.UUID{6: 7 << 4}
		binary.BigEndian.PutUint64(id[8:], 1<<63|s.count.ids)
		if _, err := s.users.User(context.Background(), id); err != nil && !s.reserved[id.String()] {
			return id, nil
		}
	}
}

// newKey returns the next key.
func (s *sequence) newKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.keys++
	return service.KeyText(bitsOf("userd test key", s.count.keys))
}

// random returns what the next one-time token is made of.
func (s *sequence) random() [32]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.tokens++
	return bitsOf("userd test token", s.count.tokens)
}

// bitsOf are 256 bits that are the same every run for the n-th thing of a name.
func bitsOf(name string, n uint64) [32]byte {
	return sha256.Sum256([]byte(name + " " + strconv.FormatUint(n, 10)))
}

// reserve keeps the ids that a seed names for the users who have them there.
func (s *sequence) reserve(rows seedRows) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range rows {
		for _, in := range b.inputs {
			if id, given := in.ID.Get(); given {
				s.reserved[id] = true
			}
		}
	}
}

// mark notes where restore goes back to.
func (s *sequence) mark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = s.count
}

// restore goes back to where mark was called.
func (s *sequence) restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = s.start
}
