package memory_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// TestStoreOnAFileIsAPlainMapThatSurvivesRestarts compares the store with the
// simplest thing that does the same, under random changes and restarts.
func TestStoreOnAFileIsAPlainMapThatSurvivesRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "userd-model-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		m := &model{path: filepath.Join(dir, "users.db"), users: make(map[uuid.UUID]service.Record)}
		m.open(t)
		defer func() { m.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create, "update": m.update, "delete": m.remove, "bring back": m.bringBack, "restart": m.restart, "": m.check,
		})
	})
}

// model is what the store should hold.
type model struct {
	path    string
	store   *memory.Store
	users   map[uuid.UUID]service.Record
	gone    []uuid.UUID
	changes []service.Change
	made    int
}

func (m *model) open(t *rapid.T) {
	var err error
	if m.store, err = memory.Open(context.Background(), m.path, memory.Config{}); err != nil {
		t.Fatal(err)
	}
}

func (m *model) restart(t *rapid.T) {
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
}

// ids are those of the users there are, and one of a user there is not.
func (m *model) ids() []uuid.UUID {
	ids := slices.SortedFunc(maps.Keys(m.users), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	return append(ids, uuid.UUID{15: 1})
}

func (m *model) taken(key string, by uuid.UUID) bool {
	for id, r := range m.users {
		if r.Keys.Email == key && id != by {
			return true
		}
	}
	return false
}

func (m *model) note(old, new *service.Record, at time.Time) {
	c := service.NewChange(old, new, at, service.Origin{Actor: "anonymous"})
	c.Seq = int64(len(m.changes)) + 1
	m.changes = append(m.changes, c)
}

var (
	emails = rapid.Map(rapid.IntRange(1, 6), func(n int) string { return fmt.Sprintf("User%d@example.com", n) })
	names  = rapid.SampledFrom([]string{"Ada", "Zoë", "李", "O'Neil", "a\"b", strings.Repeat("x", 100), " ", "0"})
	texts  = rapid.Map(names, func(s string) service.Text { return service.Text{Value: s, Key: strings.ToLower(s)} })
)

func (m *model) create(t *rapid.T) {
	m.made++
	at := time.UnixMicro(int64(m.made)).UTC()
	email, first, last := emails.Draw(t, "email"), texts.Draw(t, "first"), texts.Draw(t, "last")
	r := service.Record{
		User: service.User{ID: uuid.UUID{6: 0x70, 8: 0x80, 14: byte(m.made * 37), 15: byte(m.made)}, Email: email, FirstName: first.Value, LastName: last.Value,
			IsActive: rapid.Bool().Draw(t, "active"), Version: 1, CreatedAt: at, UpdatedAt: at},
		Keys:         service.Keys{Email: strings.ToLower(email), FirstName: first.Key, LastName: last.Key},
		PasswordHash: names.Draw(t, "hash"),
	}
	err := m.store.CreateUser(context.Background(), r)
	if m.taken(r.Keys.Email, r.User.ID) {
		if !errors.Is(err, &service.EmailTakenError{}) {
			t.Fatalf("a taken e-mail address: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m.users[r.User.ID] = r
	m.note(nil, &r, at)
}

func (m *model) update(t *rapid.T) {
	m.made++
	id := rapid.SampledFrom(m.ids()).Draw(t, "id")
	u := service.Update{At: time.UnixMicro(int64(m.made)).UTC()}
	if rapid.Bool().Draw(t, "with email") {
		email := emails.Draw(t, "email")
		u.Email = &service.Text{Value: email, Key: strings.ToLower(email)}
	}
	if rapid.Bool().Draw(t, "with verification") {
		verified := rapid.SampledFrom([]time.Time{{}, u.At}).Draw(t, "verified")
		u.EmailVerifiedAt = &verified
	}
	if rapid.Bool().Draw(t, "with name") {
		name := texts.Draw(t, "name")
		u.LastName = &name
	}
	if rapid.Bool().Draw(t, "with active") {
		active := rapid.Bool().Draw(t, "active")
		u.IsActive = &active
	}
	if rapid.Bool().Draw(t, "with version") {
		u.Expect = service.Versions{int32(rapid.IntRange(1, 3).Draw(t, "version"))}
	}
	got, err := m.store.UpdateUser(context.Background(), id, u)
	old, there := m.users[id]
	updated, changed := u.Apply(old)
	switch {
	case !there:
		if !errors.Is(err, &service.UserNotFoundError{ID: id}) {
			t.Fatalf("a user that is not there: %v", err)
		}
	case u.Expect != nil && u.Expect[0] != old.User.Version:
		if service.CodeOf(err) != service.CodeVersionConflict {
			t.Fatalf("another version: %v", err)
		}
	case m.taken(updated.Keys.Email, id):
		if !errors.Is(err, &service.EmailTakenError{}) {
			t.Fatalf("a taken e-mail address: %v", err)
		}
	case err != nil || got != updated.User:
		t.Fatalf("%v, %v; want %v", got, err, updated.User)
	case changed:
		m.users[id] = updated
		m.note(&old, &updated, u.At)
	}
}

func (m *model) remove(t *rapid.T) {
	m.made++
	id := rapid.SampledFrom(m.ids()).Draw(t, "id")
	at := time.UnixMicro(int64(m.made)).UTC()
	err := m.store.DeleteUser(context.Background(), id, service.Deletion{At: at})
	old, there := m.users[id]
	if !there {
		if !errors.Is(err, &service.UserNotFoundError{ID: id}) {
			t.Fatalf("a user that is not there: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	delete(m.users, id)
	m.gone = append(m.gone, id)
	for i, c := range m.changes {
		if c.UserID == id {
			m.changes[i] = c.Erased()
		}
	}
	m.note(&old, nil, at)
}

// bringBack imports somebody under the id of a deleted user.
func (m *model) bringBack(t *rapid.T) {
	if len(m.gone) == 0 {
		t.Skip("nobody is gone")
	}
	m.made++
	at := time.UnixMicro(int64(m.made)).UTC()
	email := fmt.Sprintf("back%d@example.com", m.made)
	r := service.Record{
		User: service.User{ID: rapid.SampledFrom(m.gone).Draw(t, "id"), Email: email, Version: 3, CreatedAt: at, UpdatedAt: at},
		Keys: service.Keys{Email: email},
	}
	results, err := m.store.ImportUsers(context.Background(), []service.ImportRow{{Record: r}}, service.ImportOptions{OnConflict: service.ConflictSkip, At: at})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := m.users[r.User.ID]; !there {
		m.users[r.User.ID] = r
		m.note(nil, &r, at)
	} else if results[0].Outcome != service.ImportSkipped {
		t.Fatalf("a user who is there is %v", results[0])
	}
}

// check compares all that can be read.
func (m *model) check(t *rapid.T) {
	ctx := context.Background()
	list, err := m.store.ListUsers(ctx, service.ListQuery{Order: service.Order{Field: service.OrderByEmail}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(m.users) {
		t.Fatalf("%d users, want %d", len(list), len(m.users))
	}
	for _, u := range list {
		want := m.users[u.User.ID]
		hash, err := m.store.PasswordHash(ctx, u.User.ID)
		if diff := cmp.Diff(want, service.Record{User: *u.User, Keys: *u.Keys, PasswordHash: hash}); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
	}
	slice, err := m.store.Changes(ctx, service.ChangeQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.changes, slice.Changes, cmpopts.EquateEmpty()); diff != "" {
		t.Fatal(diff)
	}
}
