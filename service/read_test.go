package service_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

func TestUser(t *testing.T) {
	w := newWorld(t)
	w.create(t, "bob@example.com")
	w.wantStored(t, w.create(t, "ada@example.com"))

	_, err := w.User(t.Context(), someID)
	if notFound := wantError[*service.UserNotFoundError](t, err, service.CodeUserNotFound); notFound != nil && notFound.ID != someID {
		t.Errorf("the error is about %s", notFound.ID)
	}
	if _, err := w.User(cancelled(t), someID); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
}

func TestUserByEmail(t *testing.T) {
	for _, pair := range servicetest.EmailPairs() {
		t.Run(pair.A+" and "+pair.B, func(t *testing.T) {
			w := newWorld(t)
			u := w.create(t, pair.A)
			var want *service.User
			if pair.Same {
				want = &u
			}
			got, err := w.UserByEmail(t.Context(), pair.B)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestUserByEmailRefuses(t *testing.T) {
	w := newWorld(t)
	for _, c := range servicetest.Emails() {
		t.Run(c.Name, func(t *testing.T) {
			u, err := w.UserByEmail(t.Context(), c.In)
			want := mistakes{service.FieldEmail: c.Code}
			if c.OK() {
				want = nil
			}
			wantMistakes(t, err, want)
			if u != nil {
				t.Errorf("found %v", u)
			}
		})
	}
	if _, err := w.UserByEmail(cancelled(t), "ada@example.com"); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
}

func TestUsersByIDs(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.create(t, "ada@example.com"), w.create(t, "bob@example.com")
	many := make([]uuid.UUID, service.MaxIDs)
	for i := range many {
		many[i] = bob.ID
	}
	for name, c := range map[string]struct {
		ids  []uuid.UUID
		want []*service.User
	}{
		"none":                {nil, []*service.User{}},
		"one":                 {[]uuid.UUID{ada.ID}, []*service.User{&ada}},
		"in the order of ids": {[]uuid.UUID{bob.ID, ada.ID}, []*service.User{&bob, &ada}},
		"unknown":             {[]uuid.UUID{someID}, []*service.User{nil}},
		"unknown between":     {[]uuid.UUID{ada.ID, someID, bob.ID, uuid.Nil}, []*service.User{&ada, nil, &bob, nil}},
		"twice":               {[]uuid.UUID{ada.ID, bob.ID, ada.ID}, []*service.User{&ada, &bob, &ada}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.UsersByIDs(t.Context(), c.ids)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	if got, err := w.UsersByIDs(t.Context(), many); err != nil || len(got) != service.MaxIDs {
		t.Errorf("%d users, %v, want %d", len(got), err, service.MaxIDs)
	}
	_, err := w.UsersByIDs(t.Context(), append(many, ada.ID))
	wantMistakes(t, err, mistakes{service.FieldIDs: service.FieldTooLong})
	if _, err := w.UsersByIDs(cancelled(t), nil); !errors.Is(err, errHungUp) {
		t.Errorf("the error is %v, want the context's cause", err)
	}
}
