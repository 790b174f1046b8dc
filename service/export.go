package service

import (
	"context"
	"iter"
)

// exportPage is how many users are read at once.
const exportPage = 1000

// Export yields every user with all that is kept of it, the password hash too,
// oldest first. Users who are there all the while are yielded exactly
// once, whoever comes and goes meanwhile. After an error it yields no more.
func (s *Service) Export(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := s.require(ctx, ScopeAdmin); err != nil {
			yield(Record{}, err)
			return
		}
		for after, more := (*Position)(nil), true; more; {
			page, err := s.store.Records(ctx, after, exportPage)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				after = new(r.Position())
			}
			more = len(page) == exportPage
		}
	}
}
