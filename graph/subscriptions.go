package graph

import (
	"context"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

type subscriptions struct{ svc *service.Service }

// UserChanges resolves Subscription.userChanges. The channel has no buffer: a
// batch of changes is read only when the client has taken the one before.
func (s subscriptions) UserChanges(ctx context.Context, after *string, userID *string) (<-chan *model.Change, error) {
	id, err := chosenUser(userID)
	if err != nil {
		return nil, err
	}
	feed, err := s.svc.FollowChanges(ctx, service.ChangesInput{UserID: id, After: after})
	if err != nil {
		return nil, err
	}
	changes := make(chan *model.Change)
	sourceOf(ctx).start(ctx, func() error { return deliver(ctx, feed, changes) }, func() { close(changes) })
	return changes, nil
}

// deliver sends what feed brings until ctx ends or feed fails.
func deliver(ctx context.Context, feed *service.ChangeFeed, to chan<- *model.Change) error {
	for {
		items, err := feed.Next(ctx)
		if err != nil {
			return err
		}
		for i := range items {
			select {
			case to <- (*model.Change)(&items[i]):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}
