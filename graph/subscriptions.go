package graph

import (
	"context"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

type subscriptions struct{ svc *service.Service }

// UserChanges resolves Subscription.userChanges.
func (s subscriptions) UserChanges(ctx context.Context, after *string, userID *string) (<-chan *model.Change, error) {
	id, err := chosenUser(userID)
	if err != nil {
		return nil, err
	}
	feed, err := s.svc.FollowChanges(ctx, service.ChangesInput{UserID: id, After: after})
	if err != nil {
		return nil, err
	}
	changes, one := make(chan *model.Change, 1), oneByOne(feed)
	sourceOf(ctx).fill = func(ctx context.Context) error {
		change, err := one(ctx)
		if err == nil {
			changes <- change // which has been read, or it would not be filled again
		}
		return err
	}
	return changes, nil
}

// oneByOne returns each change that feed brings. It reads on only when all that
// it has read is taken.
func oneByOne(feed *service.ChangeFeed) func(context.Context) (*model.Change, error) {
	var items []service.ChangeItem
	return func(ctx context.Context) (_ *model.Change, err error) {
		if len(items) == 0 {
			items = nil // not to be kept while nothing happens
			if items, err = feed.Next(ctx); err != nil {
				return nil, err
			}
		}
		change := (*model.Change)(&items[0])
		items = items[1:]
		return change, nil
	}
}
