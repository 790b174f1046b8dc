package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// source is where the answers of one subscription come from: the goroutine
// that feeds the channel which the executor reads. The executor is told
// neither when it ends nor why; perform is.
type source struct {
	running sync.WaitGroup
	err     error // why there are no more answers; set before the channel is closed
}

type sourceKey struct{}

// withSource returns a context whose subscription is fed by s.
func withSource(ctx context.Context, s *source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// sourceOf is the source of the subscription that ctx belongs to.
func sourceOf(ctx context.Context) *source { return ctx.Value(sourceKey{}).(*source) }

// start runs feed in a goroutine, and end after it. A panic of feed is an
// error: nothing else stands between it and the end of the process.
func (s *source) start(ctx context.Context, feed func() error, end func()) {
	s.running.Go(func() {
		defer end()
		defer func() {
			if v := recover(); v != nil {
				s.err = graphql.GetOperationContext(ctx).Recover(ctx, v)
			}
		}()
		s.err = feed()
	})
}
