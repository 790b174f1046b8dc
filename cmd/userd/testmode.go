package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"runtime"
	"time"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// testSettings make the server one for the tests of applications. Any of them
// does; docs/testing.md tells what that means.
type testSettings struct {
	Seed             string     `env:"USERD_SEED" placeholder:"FILE" help:"For tests: file of users to begin with, NDJSON or CSV."`
	FixedClock       *fixedTime `env:"USERD_FIXED_CLOCK" placeholder:"TIME" help:"For tests: the time that it always is, such as 2026-01-01T00:00:00Z."`
	DeterministicIDs bool       `name:"deterministic-ids" env:"USERD_DETERMINISTIC_IDS" help:"For tests: ids, cursors, keys and tokens that are the same every run."`
}

func (s *testSettings) areGiven() bool {
	return s.Seed != "" || s.FixedClock != nil || s.DeterministicIDs
}

// check refuses to work on users who are kept somewhere.
func (s *testSettings) check(users databaseURL) error {
	if s.areGiven() && users.scheme != inMemory {
		return errors.New("--seed, --fixed-clock and --deterministic-ids are for tests and need --database-url=memory: so that no real users are at stake")
	}
	return nil
}

// fixedTime is a time at which a clock stands still.
type fixedTime struct{ time.Time }

// UnmarshalText reads a time that answers can have.
func (t *fixedTime) UnmarshalText(text []byte) error {
	if t.Time.UnmarshalText(text) != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return errors.New("it must be a time as in 2026-01-01T00:00:00Z")
	}
	return nil
}

// memory is what a store in memory is told, beside c.
func (s *testSettings) memory(c memory.Config) memory.Config {
	if s.FixedClock != nil {
		c.Now = s.now
	}
	if s.DeterministicIDs {
		c.LogID = "TEST"
	}
	return c
}

func (s *testSettings) now() time.Time { return s.FixedClock.Time }

// testMode is what a server for tests does otherwise. A nil one does nothing.
type testMode struct {
	testSettings
	users *memory.Store
	ids   *sequence
	start *memory.Snapshot
}

// testMode returns nil unless a setting asks for it.
func (s *testSettings) testMode(store service.Store) *testMode {
	users, ok := store.(*memory.Store)
	if !ok || !s.areGiven() {
		return nil
	}
	return &testMode{testSettings: *s, users: users, ids: newSequence(users)}
}

// store is s without what would come to another end in another run.
func (m *testMode) store(s service.Store) service.Store {
	if m == nil {
		return s
	}
	return withoutKeyUse{s}
}

// withoutKeyUse is a store that does not note when keys are used: that happens a
// moment after the use, so that a list of keys would tell it at random.
type withoutKeyUse struct{ service.Store }

func (withoutKeyUse) TouchKey(context.Context, service.KeyHash, time.Time) error { return nil }

// config is what the service is told, given what it otherwise would be.
func (m *testMode) config(c service.Config) service.Config {
	if m == nil {
		return c
	}
	c.Argon2 = service.Argon2Params{Memory: 8, Passes: 1, Lanes: 1} // the least that argon2 can do
	c.Hashing = service.HashingLimits{Slots: runtime.GOMAXPROCS(0), Queue: math.MaxInt32, Wait: time.Hour}
	if m.FixedClock != nil {
		c.Now = m.now
		c.Rates = service.RateLimits{} // of which nobody would save up anything
	}
	if m.DeterministicIDs {
		c.NewID, c.NewKey, c.Random = m.ids.newID, m.ids.newKey, m.ids.random
	}
	return c
}

// begin imports the seed and notes what there is then, to come back to it.
func (m *testMode) begin(ctx context.Context, svc *service.Service, log *slog.Logger, stderr io.Writer) error {
	if m == nil {
		return nil
	}
	if m.Seed != "" {
		rows, err := readSeed(m.Seed)
		if err != nil {
			return err
		}
		m.ids.reserve(rows)
		if err := rows.importInto(ctx, svc, stderr); err != nil {
			return err
		}
	}
	m.start = m.users.Snapshot()
	m.ids.mark()
	log.Warn("this server is for tests: its users are forgotten with it, POST /test/reset takes it back to its start, and passwords are hashed too cheaply to be safe")
	return nil
}

// restoring returns what takes the store back to its start, or nil.
func (m *testMode) restoring() func() error {
	if m == nil {
		return nil
	}
	return func() error {
		defer m.ids.restore()
		return m.users.Restore(m.start)
	}
}

// testRequestID is the id of each request that comes without one. A number of its
// own would depend on how often somebody has asked whether the server is ready.
const testRequestID = "00000000-0000-4000-8000-000000000000"

// newRequestID returns what makes the ids of requests that come without one.
func (m *testMode) newRequestID() func() string {
	if m == nil || !m.DeterministicIDs {
		return web.NewRequestID
	}
	return func() string { return testRequestID }
}
