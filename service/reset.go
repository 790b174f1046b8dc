package service

import "context"

// Reset has restore put the store back to an earlier state, for tests that begin
// where others did. Feeds that are open end with *[CursorExpiredError]; cursors
// of before lead nowhere in particular. It needs [ScopeAdmin].
func (s *Service) Reset(ctx context.Context, restore func() error) error {
	if err := s.require(ctx, ScopeAdmin); err != nil {
		return err
	}
	defer s.keyring.keys.forget()
	defer s.signing.late.forget()
	return s.feeds.outlive(restore)
}
