package storetest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
	"github.com/userd/userd/service/storetest"
)

// brokenStore names, in the environment, the fault that TestStore's store has.
const brokenStore = "STORETEST_BROKEN"

// TestStore passes with a good store.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) service.Store {
		s := memory.New()
		t.Cleanup(func() { s.Close() })
		if fault, ok := faults()[os.Getenv(brokenStore)]; ok {
			return fault.of(s)
		}
		return s
	})
}

// The suite is worth as much as what it finds: a store with one fault of those
// that real ones have had fails the theme that the fault belongs to.
func TestBrokenStoresFail(t *testing.T) {
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStore$/^"+fault.theme+"$", "-test.timeout=2m", "-rapid.nofailfile", "-rapid.shrinktime=0s")
			cmd.Env = append(os.Environ(), brokenStore+"="+name)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			if !errors.As(err, &failed) || !strings.Contains(string(out), "--- FAIL: TestStore/"+fault.theme+"/") {
				t.Errorf("the theme %s does not find it: %v\n%s", fault.theme, err, out)
			}
		})
	}
}

type fault struct {
	theme string
	of    func(service.Store) service.Store
}

func faults() map[string]fault {
	return map[string]fault{
		"compares e-mail keys in lower case":   {"create", func(s service.Store) service.Store { return lowerCaseKeys{s} }},
		"accepts taken e-mail keys":            {"race", func(s service.Store) service.Store { return everybodyWins{s} }},
		"returns a user twice":                 {"read", func(s service.Store) service.Store { return repeatedUsers{s} }},
		"writes what does not change":          {"update", func(s service.Store) service.Store { return restlessUpdates{s} }},
		"verifies whatever address comes":      {"verification", func(s service.Store) service.Store { return credulous{s} }},
		"deletes who is not there":             {"delete", func(s service.Store) service.Store { return obligingDeletes{s} }},
		"takes no version for any":             {"versions", func(s service.Store) service.Store { return anyVersion{s} }},
		"orders by a collation":                {"order", func(s service.Store) service.Store { return collated{s} }},
		"counts pages by offset":               {"page", func(s service.Store) service.Store { return &offsetPages{Store: s} }},
		"searches in any case":                 {"filter", func(s service.Store) service.Store { return lowerCaseSearch{s} }},
		"keeps milliseconds":                   {"time", func(s service.Store) service.Store { return milliseconds{s} }},
		"trims what it stores":                 {"text", func(s service.Store) service.Store { return trimmed{s} }},
		"hides why a context ended":            {"context", func(s service.Store) service.Store { return causeless{s} }},
		"gives away its own memory":            {"caller", func(s service.Store) service.Store { return &sharedChanges{Store: s} }},
		"forgets how far the log was searched": {"log", func(s service.Store) service.Store { return noThrough{s} }},
		"exports in another order":             {"export", func(s service.Store) service.Store { return emailOrder{s} }},
		"imports all rows or none":             {"import", func(s service.Store) service.Store { return allOrNothing{s} }},
		"imports a part where it should not":   {"import", func(s service.Store) service.Store { return alwaysEach{s} }},
		"keeps items for ever":                 {"items", func(s service.Store) service.Store { return everlasting{s} }},
		"lets everybody have an item":          {"items", func(s service.Store) service.Store { return obligingItems{s} }},
		"forgets to end items":                 {"items", func(s service.Store) service.Store { return endless{s} }},
		"leaves out the last user":             {"model", func(s service.Store) service.Store { return shortLists{s} }},
	}
}

type lowerCaseKeys struct{ service.Store }

func (s lowerCaseKeys) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	r.Keys.Email = strings.ToLower(r.Keys.Email)
	return s.Store.CreateUser(ctx, r, items...)
}

type everybodyWins struct{ service.Store }

func (s everybodyWins) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	if err := s.Store.CreateUser(ctx, r, items...); !errors.Is(err, &service.EmailTakenError{}) {
		return err
	}
	return nil
}

type repeatedUsers struct{ service.Store }

func (s repeatedUsers) UsersByID(ctx context.Context, ids []uuid.UUID) ([]service.User, error) {
	var users []service.User
	for _, id := range ids {
		found, err := s.Store.UsersByID(ctx, []uuid.UUID{id})
		if err != nil {
			return nil, err
		}
		users = append(users, found...)
	}
	return users, nil
}

type restlessUpdates struct{ service.Store }

func (s restlessUpdates) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if u.PasswordHash == nil {
		if hash, err := s.Store.PasswordHash(ctx, id); err == nil {
			u.PasswordHash = new(hash + " again")
		}
	}
	return s.Store.UpdateUser(ctx, id, u)
}

// credulous takes what was shown of one address for every other.
type credulous struct{ service.Store }

func (s credulous) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if before, err := s.Store.User(ctx, id); err == nil && u.EmailVerifiedAt == nil {
		u.EmailVerifiedAt = &before.EmailVerifiedAt
	}
	return s.Store.UpdateUser(ctx, id, u)
}

type obligingDeletes struct{ service.Store }

func (s obligingDeletes) DeleteUser(ctx context.Context, id uuid.UUID, d service.Deletion) error {
	if err := s.Store.DeleteUser(ctx, id, d); !errors.Is(err, &service.UserNotFoundError{}) {
		return err
	}
	return nil
}

type anyVersion struct{ service.Store }

func (s anyVersion) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	if len(u.Expect) == 0 {
		u.Expect = nil
	}
	return s.Store.UpdateUser(ctx, id, u)
}

type collated struct{ service.Store }

func (s collated) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	users, err := s.Store.ListUsers(ctx, q)
	if q.Order.Field == service.OrderByLastName && !q.Order.Descending {
		slices.SortStableFunc(users, func(a, b service.KeyedUser) int {
			return strings.Compare(strings.ToLower(a.Keys.LastName), strings.ToLower(b.Keys.LastName))
		})
	}
	return users, err
}

// offsetPages takes After for a number of users to leave out: those who stood
// before it when it was last asked.
type offsetPages struct {
	service.Store
	offset int
}

func (s *offsetPages) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	if q.After == nil {
		s.offset = 0
	}
	q.After = nil
	limit := q.Limit
	q.Limit += s.offset
	users, err := s.Store.ListUsers(ctx, q)
	users = users[min(s.offset, len(users)):]
	s.offset += min(limit, len(users))
	return users, err
}

type lowerCaseSearch struct{ service.Store }

func (s lowerCaseSearch) CountUsers(ctx context.Context, f service.Filter) (int, error) {
	f.Prefix = strings.ToLower(f.Prefix)
	return s.Store.CountUsers(ctx, f)
}

type milliseconds struct{ service.Store }

func (s milliseconds) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	r.User.CreatedAt = r.User.CreatedAt.Truncate(time.Millisecond)
	return s.Store.CreateUser(ctx, r, items...)
}

type trimmed struct{ service.Store }

func (s trimmed) CreateUser(ctx context.Context, r service.Record, items ...service.ItemChange) error {
	r.User.LastName = strings.TrimSpace(r.User.LastName)
	return s.Store.CreateUser(ctx, r, items...)
}

type causeless struct{ service.Store }

func (s causeless) User(ctx context.Context, id uuid.UUID) (service.User, error) {
	if err := ctx.Err(); err != nil {
		return service.User{}, err
	}
	return s.Store.User(ctx, id)
}

type sharedChanges struct {
	service.Store
	known map[int64]service.Change
}

func (s *sharedChanges) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	slice, err := s.Store.Changes(ctx, q)
	if s.known == nil {
		s.known = make(map[int64]service.Change)
	}
	for i, c := range slice.Changes {
		if known, ok := s.known[c.Seq]; ok {
			slice.Changes[i] = known
		}
		s.known[c.Seq] = slice.Changes[i]
	}
	return slice, err
}

type noThrough struct{ service.Store }

func (s noThrough) Changes(ctx context.Context, q service.ChangeQuery) (service.ChangeSlice, error) {
	slice, err := s.Store.Changes(ctx, q)
	slice.Through = q.After + int64(len(slice.Changes))
	return slice, err
}

type shortLists struct{ service.Store }

func (s shortLists) ListUsers(ctx context.Context, q service.ListQuery) ([]service.KeyedUser, error) {
	users, err := s.Store.ListUsers(ctx, q)
	if len(users) == 5 {
		users = users[:4]
	}
	return users, err
}

type emailOrder struct{ service.Store }

func (s emailOrder) Records(ctx context.Context, after *service.Position, limit int) ([]service.Record, error) {
	records, err := s.Store.Records(ctx, after, limit)
	slices.SortStableFunc(records, func(a, b service.Record) int { return strings.Compare(a.Keys.Email, b.Keys.Email) })
	return records, err
}

type alwaysEach struct{ service.Store }

func (s alwaysEach) ImportUsers(ctx context.Context, rows []service.ImportRow, o service.ImportOptions) ([]service.ImportResult, error) {
	o.AllOrNothing = false
	return s.Store.ImportUsers(ctx, rows, o)
}

type allOrNothing struct{ service.Store }

func (s allOrNothing) ImportUsers(ctx context.Context, rows []service.ImportRow, o service.ImportOptions) ([]service.ImportResult, error) {
	dry := o
	dry.DryRun = true
	results, err := s.Store.ImportUsers(ctx, rows, dry)
	if err != nil || o.DryRun || slices.ContainsFunc(results, func(r service.ImportResult) bool { return r.Err != nil }) {
		return results, err
	}
	return s.Store.ImportUsers(ctx, rows, o)
}

type everlasting struct{ service.Store }

func (s everlasting) Item(ctx context.Context, kind service.ItemKind, key service.ItemKey, _ time.Time) (service.Item, error) {
	return s.Store.Item(ctx, kind, key, time.Time{})
}

type obligingItems struct{ service.Store }

func (s obligingItems) ChangeItems(ctx context.Context, at time.Time, changes []service.ItemChange) error {
	err := s.Store.ChangeItems(ctx, at, changes)
	if _, conflict := errors.AsType[*service.ItemConflictError](err); conflict {
		return nil
	}
	return err
}

type endless struct{ service.Store }

func (s endless) UpdateUser(ctx context.Context, id uuid.UUID, u service.Update) (service.User, error) {
	u.EndItems = nil
	return s.Store.UpdateUser(ctx, id, u)
}
