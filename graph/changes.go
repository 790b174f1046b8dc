package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// Changes resolves Query.changes.
func (q queries) Changes(ctx context.Context, after *string, first *int32, userID *string) (*model.ChangeConnection, error) {
	id, err := chosenUser(userID)
	if err != nil {
		return nil, err
	}
	return changePage(ctx, q.svc, service.ChangesInput{UserID: id, After: after, First: sizeOf(first)})
}

// ChangeCursor resolves Query.changeCursor.
func (q queries) ChangeCursor(ctx context.Context) (string, error) { return q.svc.ChangeCursor(ctx) }

type users struct{ svc *service.Service }

// History resolves User.history. It reads the log once for each user, which is
// why historiesRule keeps it out of lists.
func (u users) History(ctx context.Context, user *service.User, first *int32, after *string) (*model.ChangeConnection, error) {
	return changePage(ctx, u.svc, service.ChangesInput{UserID: user.ID, After: after, First: sizeOf(first)})
}

func changePage(ctx context.Context, svc *service.Service, in service.ChangesInput) (*model.ChangeConnection, error) {
	page, err := svc.Changes(ctx, in)
	if err != nil {
		return nil, err
	}
	return model.NewChangeConnection(page, in.After != nil), nil
}

// chosenUser reads the argument userId; uuid.Nil stands for all users, and
// must not get in as an id.
func chosenUser(userID *string) (uuid.UUID, error) {
	if userID == nil {
		return uuid.Nil, nil
	}
	id, err := service.ParseID(*userID)
	if err == nil && id == uuid.Nil {
		err = &service.InvalidInputError{Fields: []service.FieldError{{Code: service.FieldInvalid, Message: "No user has the nil UUID."}}}
	}
	return id, under(service.FieldUserID, err)
}
