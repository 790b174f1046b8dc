package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// start is when the users of the cases are created, unless a case says
// otherwise; later is after that.
var (
	start = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	later = start.Add(time.Hour)
)

// user is a new user with this address, whose key is the same.
func user(email string, changes ...func(*service.Record)) service.Record {
	r := service.Record{
		User: service.User{
			ID: uuid.Must(uuid.NewV7()), Email: email, FirstName: "Ada", LastName: "Lovelace",
			IsActive: true, Version: 1, CreatedAt: start, UpdatedAt: start,
		},
		Keys:         service.Keys{Email: email, FirstName: "ada", LastName: "lovelace"},
		PasswordHash: "$argon2id$of " + email,
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

// users are n new users.
func users(n int, changes ...func(*service.Record)) []service.Record {
	records := make([]service.Record, n)
	for i := range records {
		records[i] = user(fmt.Sprintf("user%06d@example.com", i), changes...)
	}
	return records
}

// named gives a user names, with the lower case of them as keys.
func named(first, last string) func(*service.Record) {
	return func(r *service.Record) {
		r.User.FirstName, r.Keys.FirstName = first, strings.ToLower(first)
		r.User.LastName, r.Keys.LastName = last, strings.ToLower(last)
	}
}

// withID gives a user the id that ends in n.
func withID(n byte) func(*service.Record) {
	return func(r *service.Record) { r.User.ID = numberedID(n) }
}

// created sets when the user was created.
func created(at time.Time) func(*service.Record) {
	return func(r *service.Record) { r.User.CreatedAt, r.User.UpdatedAt = at, at }
}

func inactive(r *service.Record) { r.User.IsActive = false }

// numberedID is an id that no generator makes; larger n are larger ids.
func numberedID(n byte) uuid.UUID { return uuid.UUID{0: 1, 15: n} }

// text is a value whose key is its lower case.
func text(value string) *service.Text {
	return &service.Text{Value: value, Key: strings.ToLower(value)}
}
