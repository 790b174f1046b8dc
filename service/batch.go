package service

import (
	"context"
	"fmt"
)

const (
	// MaxBatch is how many users [Service.CreateUsers] creates at most.
	MaxBatch = 1000
	// MaxBatchPasswords is how many of them come with a password at most. Each is
	// hashed at its full cost, in turn with everybody else's, and the caller waits.
	MaxBatchPasswords = 100
)

// BatchPolicy says what becomes of a batch of which a part is refused.
type BatchPolicy string

// What can become of such a batch.
const (
	// BatchAllOrNothing: nothing is done.
	BatchAllOrNothing BatchPolicy = "all_or_nothing"
	// BatchEach: the rest is done.
	BatchEach BatchPolicy = "each"
)

// BatchItem is one user of a batch.
type BatchItem struct {
	UserInput
	// Mistakes are what a transport has found wrong with the user already. They
	// are reported together with the others.
	Mistakes []FieldError
}

// BatchResult is what became of one user of a batch.
type BatchResult struct {
	// User is the new user, or nil when there is none.
	User *User
	// Err is why the user was refused: *[InvalidInputError] or
	// *[EmailTakenError]. Without a user and without an error the user was not
	// created because others of the batch were refused.
	Err error
}

// CreateUsers creates the users of items, by the rules of [Service.CreateUser]
// except that a password may be left out: such a user cannot log in until one
// is set. It returns as many results in their order. It returns
// *[InvalidInputError] when there are more than [MaxBatch] items, or more than
// [MaxBatchPasswords] with a password, and *[UnavailableError]; then no user
// has been created.
func (s *Service) CreateUsers(ctx context.Context, items []BatchItem, policy BatchPolicy) ([]BatchResult, error) {
	if err := s.require(ctx, ScopeUsersWrite); err != nil {
		return nil, err
	}
	if err := checkBatch(items); err != nil {
		return nil, err
	}
	s.owe(ctx, writes, len(items)-1)
	rows := make([]ImportInput, len(items))
	for i, item := range items {
		rows[i] = ImportInput{UserInput: item.UserInput, Mistakes: item.Mistakes}
	}
	all := policy == BatchAllOrNothing
	b, err := s.newImportBatch(rows, ImportOptions{OnConflict: ConflictFail, At: s.timestamp(), AllOrNothing: all})
	if err != nil {
		return nil, err
	}
	if all && b.refused() {
		b.options.DryRun = true // which tells what else is wrong
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	return b.created(), nil
}

// checkBatch refuses a batch that is too much for one request.
func checkBatch(items []BatchItem) error {
	passwords := 0
	for _, item := range items {
		if !item.Password.IsAbsent() {
			passwords++
		}
	}
	switch {
	case len(items) > MaxBatch:
		return invalid(FieldUsers, &problem{FieldTooLong, fmt.Sprintf("A batch has at most %d users.", MaxBatch)})
	case passwords > MaxBatchPasswords:
		return invalid(FieldUsers, &problem{FieldTooLong, fmt.Sprintf("At most %d users of a batch have a password; set those of the others later.", MaxBatchPasswords)})
	}
	return nil
}

// created are the results of an import that only creates users.
func (b *importBatch) created() []BatchResult {
	results := make([]BatchResult, len(b.results))
	for i, r := range b.results {
		results[i].Err = r.Err
	}
	if b.options.AllOrNothing && b.refused() {
		return results
	}
	for i, place := range b.places {
		if !b.results[place].Refused() {
			results[place].User = &b.rows[i].Record.User
		}
	}
	return results
}
