package service_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/userd/userd/service"
)

func TestNewChange(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	origin := service.Origin{Actor: "ada", RequestID: "r1"}
	before := service.Record{
		User:         service.User{ID: someID, Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace", IsActive: true, Version: 4},
		PasswordHash: "$old",
	}
	verified := before
	verified.User.EmailVerifiedAt = at
	after := func(change func(*service.Record)) *service.Record {
		r := before
		r.User.Version = 5
		change(&r)
		return &r
	}
	field := func(f service.Field, old, new string) service.FieldChange {
		return service.FieldChange{Field: f, Old: &old, New: &new}
	}
	set := func(f service.Field, value string) service.FieldChange {
		return service.FieldChange{Field: f, New: &value}
	}
	secret := service.FieldChange{Field: service.FieldPassword}
	for name, c := range map[string]struct {
		old, new *service.Record
		kind     service.ChangeKind
		version  int32
		fields   []service.FieldChange
	}{
		"creation": {nil, &before, service.ChangeCreated, 4, []service.FieldChange{
			set(service.FieldEmail, "ada@example.com"), set(service.FieldFirstName, "Ada"), set(service.FieldLastName, "Lovelace"),
			secret, set(service.FieldIsActive, "true"),
		}},
		"creation with a verified address": {nil, after(func(r *service.Record) { r.User.EmailVerifiedAt = at }), service.ChangeCreated, 5, []service.FieldChange{
			set(service.FieldEmail, "ada@example.com"), set(service.FieldEmailVerifiedAt, "2026-11-23T12:00:00.000000Z"),
			set(service.FieldFirstName, "Ada"), set(service.FieldLastName, "Lovelace"), secret, set(service.FieldIsActive, "true"),
		}},
		"verification": {&before, after(func(r *service.Record) { r.User.EmailVerifiedAt = at }), service.ChangeEmailVerified, 5, []service.FieldChange{
			set(service.FieldEmailVerifiedAt, "2026-11-23T12:00:00.000000Z"),
		}},
		"verification anew": {&verified, after(func(r *service.Record) { r.User.EmailVerifiedAt = at.Add(time.Second) }), service.ChangeEmailVerified, 5, []service.FieldChange{
			field(service.FieldEmailVerifiedAt, "2026-11-23T12:00:00.000000Z", "2026-11-23T12:00:01.000000Z"),
		}},
		"verification taken back": {&verified, after(func(r *service.Record) {}), service.ChangeUpdated, 5, []service.FieldChange{
			{Field: service.FieldEmailVerifiedAt, Old: new("2026-11-23T12:00:00.000000Z")},
		}},
		"password with a verification": {&before, after(func(r *service.Record) { r.User.EmailVerifiedAt, r.PasswordHash = at, "$new" }), service.ChangePassword, 5, []service.FieldChange{
			set(service.FieldEmailVerifiedAt, "2026-11-23T12:00:00.000000Z"), secret,
		}},
		"email with its verification": {&verified, after(func(r *service.Record) { r.User.Email = "new@example.com" }), service.ChangeEmail, 5, []service.FieldChange{
			field(service.FieldEmail, "ada@example.com", "new@example.com"), {Field: service.FieldEmailVerifiedAt, Old: new("2026-11-23T12:00:00.000000Z")},
		}},
		"name and verification": {&verified, after(func(r *service.Record) { r.User.FirstName, r.User.EmailVerifiedAt = "Augusta", at.Add(time.Second) }), service.ChangeUpdated, 5, []service.FieldChange{
			field(service.FieldEmailVerifiedAt, "2026-11-23T12:00:00.000000Z", "2026-11-23T12:00:01.000000Z"), field(service.FieldFirstName, "Ada", "Augusta"),
		}},
		"deletion": {&before, nil, service.ChangeDeleted, 4, nil},
		"email": {&before, after(func(r *service.Record) { r.User.Email = "new@example.com" }), service.ChangeEmail, 5, []service.FieldChange{
			field(service.FieldEmail, "ada@example.com", "new@example.com"),
		}},
		"password": {&before, after(func(r *service.Record) { r.PasswordHash = "$new" }), service.ChangePassword, 5, []service.FieldChange{secret}},
		"first name": {&before, after(func(r *service.Record) { r.User.FirstName = "Augusta" }), service.ChangeUpdated, 5, []service.FieldChange{
			field(service.FieldFirstName, "Ada", "Augusta"),
		}},
		"active": {&before, after(func(r *service.Record) { r.User.IsActive = false }), service.ChangeUpdated, 5, []service.FieldChange{
			field(service.FieldIsActive, "true", "false"),
		}},
		"email and password": {&before, after(func(r *service.Record) { r.User.Email, r.PasswordHash = "", "$new" }), service.ChangeUpdated, 5, []service.FieldChange{
			field(service.FieldEmail, "ada@example.com", ""), secret,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := service.Change{At: at, Kind: c.kind, UserID: someID, Version: c.version, Fields: c.fields, Origin: origin}
			if diff := cmp.Diff(want, service.NewChange(c.old, c.new, at, origin)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func someChange() service.Change {
	old, new := "Ada", "Augusta"
	return service.Change{Seq: 7, UserID: someID, Fields: []service.FieldChange{{Field: service.FieldFirstName, Old: &old, New: &new}, {Field: service.FieldPassword}}}
}

func TestErasedChangeHasNoValues(t *testing.T) {
	c := someChange()
	want := service.Change{Seq: 7, UserID: someID, Fields: []service.FieldChange{{Field: service.FieldFirstName}, {Field: service.FieldPassword}}}
	if diff := cmp.Diff(want, c.Erased()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(someChange(), c); diff != "" {
		t.Errorf("the original lost something (-want +got):\n%s", diff)
	}
}

func TestClonedChangeSharesNothing(t *testing.T) {
	c := someChange()
	clone := c.Clone()
	if diff := cmp.Diff(c, clone); diff != "" {
		t.Errorf("(-original +clone):\n%s", diff)
	}
	*clone.Fields[0].Old, *clone.Fields[0].New, clone.Fields[1].Field = "x", "y", "z"
	if diff := cmp.Diff(someChange(), c); diff != "" {
		t.Errorf("the original changed with the clone (-want +got):\n%s", diff)
	}
}

func TestOrigin(t *testing.T) {
	if got := service.OriginOf(t.Context()); got != (service.Origin{Actor: "anonymous"}) {
		t.Errorf("without one the origin is %+v", got)
	}
	for given, want := range map[service.Origin]service.Origin{
		{Actor: "ada", RequestID: "r1"}: {Actor: "ada", RequestID: "r1"},
		{RequestID: "r1"}:               {Actor: "anonymous", RequestID: "r1"},
	} {
		if got := service.OriginOf(service.WithOrigin(t.Context(), given)); got != want {
			t.Errorf("of %+v comes %+v", given, got)
		}
	}
}
