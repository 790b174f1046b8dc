package plan

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// source is what a store holds.
type source []*service.Record

func (source) Item(ItemRef) *service.Item { return nil }

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
