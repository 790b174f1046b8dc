package graph

import "context"

// source is where the answers of one subscription come from. The executor
// reads them from a channel; what fills that is called before each answer is
// asked for, by who asks, so that no goroutine has to wait for the other.
type source struct {
	// fill puts the next value into the channel. It is nil as long as there is no
	// channel.
	fill func(context.Context) error
}

// next waits for the next value.
func (s *source) next(ctx context.Context) error {
	if s.fill == nil {
		return nil
	}
	return s.fill(ctx)
}

type sourceKey struct{}

// withSource returns a context whose subscription is fed by s.
func withSource(ctx context.Context, s *source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// sourceOf is the source of the subscription that ctx belongs to.
func sourceOf(ctx context.Context) *source { return ctx.Value(sourceKey{}).(*source) }
