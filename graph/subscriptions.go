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
	changes := &changeSource{feed: feed, to: make(chan *model.Change, 1)}
	setSource(ctx, changes)
	return changes.to, nil
}

// changeSource brings the changes of a feed one by one. It reads on only when
// all that it has read is taken.
type changeSource struct {
	feed *service.ChangeFeed
	read []service.ChangeItem
	to   chan *model.Change
}

var _ source = (*changeSource)(nil)

func (s *changeSource) fill(ctx context.Context, resume func()) (filled bool, err error) {
	for len(s.read) == 0 {
		s.read = nil // not to be held while nothing happens
		if !s.feed.Ready(ctx, resume) {
			return false, nil
		}
		if s.read, err = s.feed.Read(ctx); err != nil {
			return false, err
		}
	}
	s.to <- (*model.Change)(&s.read[0])
	s.read = s.read[1:]
	return true, nil
}
