package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// errHungUp is why the contexts of the cases end.
var errHungUp = errors.New("the caller hung up")

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errHungUp)
	return ctx
}

func contextCases() []contract {
	methods := []struct {
		name string
		call func(context.Context, service.Store, service.Record) error
	}{
		{"CreateUser", func(ctx context.Context, s service.Store, r service.Record) error {
			return s.CreateUser(ctx, user("new@example.com"))
		}},
		{"UpdateUser", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.UpdateUser(ctx, r.User.ID, service.Update{At: later, FirstName: text("Augusta")})
			return err
		}},
		{"DeleteUser", func(ctx context.Context, s service.Store, r service.Record) error {
			return s.DeleteUser(ctx, r.User.ID, service.Deletion{At: later})
		}},
		{"User", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.User(ctx, r.User.ID)
			return err
		}},
		{"UsersByID", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.UsersByID(ctx, []uuid.UUID{r.User.ID})
			return err
		}},
		{"ListUsers", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.ListUsers(ctx, service.ListQuery{Limit: 1})
			return err
		}},
		{"CountUsers", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.CountUsers(ctx, service.Filter{})
			return err
		}},
		{"PasswordHash", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.PasswordHash(ctx, r.User.ID)
			return err
		}},
		{"HashSchemes", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.HashSchemes(ctx)
			return err
		}},
		{"Records", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.Records(ctx, nil, 1)
			return err
		}},
		{"ImportUsers", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.ImportUsers(ctx, rows(user("new@example.com")), service.ImportOptions{OnConflict: service.ConflictFail, At: later})
			return err
		}},
		{"Changes", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.Changes(ctx, service.ChangeQuery{Limit: 1})
			return err
		}},
		{"ChangeLog", func(ctx context.Context, s service.Store, r service.Record) error {
			_, err := s.ChangeLog(ctx)
			return err
		}},
		{"AwaitChange", func(ctx context.Context, s service.Store, r service.Record) error {
			return s.AwaitChange(ctx, 0)
		}},
		{"Ping", func(ctx context.Context, s service.Store, r service.Record) error { return s.Ping(ctx) }},
	}
	var contracts []contract
	for _, m := range methods {
		contracts = append(contracts, contract{m.name + " does nothing once its context has ended, and says why", func(t *testing.T, s service.Store) {
			r := user("ada@example.com")
			create(t, s, r)
			wantUnchanged(t, s, func() {
				if err := m.call(cancelled(t), s, r); !errors.Is(err, errHungUp) {
					t.Errorf("the error is %v, want one that wraps the context's cause", err)
				}
			})
		}})
	}
	return contracts
}
