package plan

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// source is what a store holds.
type source []*service.Record

// Item has one item of each user's, by the first byte of its key.
func (s source) Item(ref ItemRef) *service.Item {
	if r := s.Record(uuid.UUID{ref.Key[0]}); r != nil && ref == itemRef(ref.Key[0]) {
		return &service.Item{Kind: ref.Kind, Key: ref.Key, User: r.User.ID, Value: []byte("a")}
	}
	return nil
}

func itemRef(n byte) ItemRef { return ItemRef{Kind: "session", Key: service.ItemKey{n}} }

// put makes an item of the user's with the same number, where there is this one.
func put(n byte, was string) service.ItemChange {
	ref := itemRef(n)
	c := service.ItemChange{Kind: ref.Kind, Key: ref.Key, New: &service.Item{Kind: ref.Kind, Key: ref.Key, User: uuid.UUID{n}, Value: []byte("b")}}
	if was != "" {
		c.Was = []byte(was)
	}
	return c
}

func (s source) Record(id uuid.UUID) *service.Record {
	for _, r := range s {
		if r.User.ID == id {
			return r
		}
	}
	return nil
}

func (s source) WithEmail(key string) *service.Record {
	for _, r := range s {
		if r.Keys.Email == key {
			return r
		}
	}
	return nil
}

func record(id byte, email string) service.Record {
	return service.Record{User: service.User{ID: uuid.UUID{id}, Email: email, Version: 1}, Keys: service.Keys{Email: email}}
}

func to(email string) service.Update {
	return service.Update{Email: &service.Text{Value: email, Key: email}}
}

// TestPlan follows changes that each see what the ones before them staged.
func TestPlan(t *testing.T) {
	ada, bob := record(1, "ada"), record(2, "bob")
	v := NewView(source{&ada, &bob})
	update := func(id byte, u service.Update) error { _, err := v.Update(uuid.UUID{id}, u); return err }
	for i, c := range []struct {
		err    error
		want   error
		staged int
	}{
		{v.Create(record(3, "ada")), &service.EmailTakenError{}, 0},
		{update(9, to("x")), &service.UserNotFoundError{}, 0},
		{update(1, to("bob")), &service.EmailTakenError{}, 0},
		{update(1, to("ada")), nil, 0},
		{update(1, to("eve")), nil, 1},
		{v.Create(record(3, "ada")), nil, 2},
		{v.Delete(uuid.UUID{2}, service.Deletion{}), nil, 3},
		{v.Delete(uuid.UUID{2}, service.Deletion{}), &service.UserNotFoundError{}, 3},
		{update(3, to("bob")), nil, 4},
		{v.Create(record(2, "ada")), nil, 5},
	} {
		if !errors.Is(c.err, c.want) || c.want == nil && c.err != nil {
			t.Errorf("change %d: the error is %v, want %v", i+1, c.err, c.want)
		}
	}
	if len(v.Steps) != 5 || v.Steps[0].Old != &ada || v.Steps[0].New.User.Version != 2 || v.Steps[2].New != nil {
		t.Errorf("the steps are %+v", v.Steps)
	}
	if err := v.Create(record(1, "new")); err == nil || service.CodeOf(err) != service.CodeInternal {
		t.Errorf("an id that is taken is %v", err)
	}
	err := update(1, service.Update{Expect: service.Versions{1}})
	if conflict, ok := errors.AsType[*service.VersionConflictError](err); !ok || conflict.Current != 2 {
		t.Errorf("an old version is %v", err)
	}
}

// TestItems follows changes of items and users that each see what the ones
// before them staged.
func TestItems(t *testing.T) {
	ada, bob := record(1, "ada"), record(2, "bob")
	v := NewView(source{&ada, &bob})
	change := func(c service.ItemChange) error { return v.ChangeItems(time.Time{}, []service.ItemChange{c}) }
	end := func(id byte, kind service.ItemKind) error {
		_, err := v.Update(uuid.UUID{id}, service.Update{EndItems: []service.ItemKind{kind}})
		return err
	}
	conflict, nobody := &service.ItemConflictError{Kind: "session"}, &service.UserNotFoundError{ID: uuid.UUID{3}}
	for i, c := range []struct {
		err, want error
	}{
		{change(put(1, "")), conflict},
		{change(put(3, "")), nobody},
		{v.Create(record(3, "eve"), put(2, "x")), conflict},
		{v.Create(record(3, "eve"), put(3, "")), nil},
		{change(put(1, "a")), nil},
		{end(1, "token"), nil},
		{change(put(1, "b")), nil},
		{end(1, "session"), nil},
		{change(put(1, "b")), conflict},
		{end(2, "session"), nil},
		{change(put(2, "a")), conflict},
		{change(put(2, "")), nil},
		{v.Delete(uuid.UUID{3}, service.Deletion{}), nil},
		{change(put(3, "b")), nobody},
	} {
		if c.want == nil && c.err != nil || c.want != nil && (c.err == nil || c.err.Error() != c.want.Error()) {
			t.Errorf("change %d: the error is %v, want %v", i+1, c.err, c.want)
		}
	}
	if len(v.Items) != 3 || v.Items[itemRef(1)] != nil || v.Items[itemRef(2)] == nil || v.Items[itemRef(3)] != nil {
		t.Errorf("the items are %+v", v.Items)
	}
	if !v.Ended[uuid.UUID{3}].All || v.Ended[uuid.UUID{2}].All || !v.Ended[uuid.UUID{1}].Covers("token") {
		t.Errorf("the endings are %+v", v.Ended)
	}
}

// TestImport follows rows that each see what the ones before them staged.
func TestImport(t *testing.T) {
	row := func(id byte, email, name string) service.ImportRow {
		r := record(id, email)
		r.User.FirstName = name
		return service.ImportRow{Record: r}
	}
	rows := []service.ImportRow{
		row(1, "ada", ""), row(1, "ada", "Augusta"), row(3, "eve", ""), row(4, "bob", "Robert"), row(1, "bob", ""), row(5, "eve", ""),
	}
	for policy, want := range map[service.ConflictPolicy][]service.ImportOutcome{
		service.ConflictFail: {service.ImportRefused, service.ImportRefused, service.ImportCreated,
			service.ImportRefused, service.ImportRefused, service.ImportRefused},
		service.ConflictSkip: {service.ImportSkipped, service.ImportSkipped, service.ImportCreated,
			service.ImportSkipped, service.ImportSkipped, service.ImportSkipped},
		service.ConflictUpdate: {service.ImportUnchanged, service.ImportUpdated, service.ImportCreated,
			service.ImportUpdated, service.ImportRefused, service.ImportUnchanged},
	} {
		for _, dry := range []bool{false, true} {
			ada, bob := record(1, "ada"), record(2, "bob")
			v := NewView(source{&ada, &bob})
			results := v.Import(rows, service.ImportOptions{OnConflict: policy, DryRun: dry})
			changes := 0
			for i, r := range results {
				if r.Outcome != want[i] || (r.Err != nil) != (r.Outcome == service.ImportRefused) {
					t.Errorf("%s, row %d: %+v, want %s", policy, i+1, r, want[i])
				}
				if r.Outcome == service.ImportCreated || r.Outcome == service.ImportUpdated {
					changes++
				}
			}
			if dry {
				changes = 0
			}
			if len(v.Steps) != changes || v.Imported[uuid.UUID{3}] == dry {
				t.Errorf("%s, dry %t: %d steps, imported %v, want %d", policy, dry, len(v.Steps), v.Imported, changes)
			}
		}
	}
}
