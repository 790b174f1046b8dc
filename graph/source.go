package graph

import "context"

// source is where the answers of one subscription come from. The executor
// reads them from a channel, which has room for one; the source fills it before
// each answer is asked for.
type source interface {
	// fill puts the next value into the channel. Where it would have to wait for
	// one it returns false at once, and has resume be called, in a goroutine of its
	// own, when it is worth to call fill again or ctx has ended.
	fill(ctx context.Context, resume func()) (filled bool, err error)
}

type sourceKey struct{}

// withSource returns a context whose subscription tells *s what feeds it.
func withSource(ctx context.Context, s *source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// setSource tells what feeds the subscription that ctx belongs to.
func setSource(ctx context.Context, s source) { *ctx.Value(sourceKey{}).(*source) = s }
