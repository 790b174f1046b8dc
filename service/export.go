package service

import (
	"context"
	"iter"

	"github.com/google/uuid"
)

// exportPage is how many users are read at once.
const exportPage = 1000

// Export yields every user with all that is kept of it, the password hash too,
// in the order of the ids. Users who are there all the while are yielded exactly
// once, whoever comes and goes meanwhile. After an error it yields no more.
func (s *Service) Export(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for after, more := uuid.Nil, true; more; {
			page, err := s.store.Records(ctx, after, exportPage)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				after = r.User.ID
			}
			more = len(page) == exportPage
		}
	}
}
