package service

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

// Import carries out rows, at most [MaxImportRows], one after the other, and
// returns what became of each, in their order. A row that is refused, with
// *[InvalidInputError], *[IDTakenError] or *[EmailTakenError], does not keep the
// others from being carried out. When Import returns an error, such as
// *[UnavailableError], none was.
//
// A user who is not there yet is created by the rules of [Service.CreateUser],
// with the id, version and times of the row where it has them. The password
// may come as one, which is hashed, or as a hash that another program made; a
// user who comes with neither cannot log in until a password is set. For one
// who is there already, by id or else by e-mail address, o.OnConflict says what
// happens; what the row leaves out then stays as it is. o.At and o.AllOrNothing
// play no part.
func (s *Service) Import(ctx context.Context, rows []ImportInput, o ImportOptions) ([]ImportResult, error) {
	if err := s.require(ctx, ScopeAdmin); err != nil {
		return nil, err
	}
	if len(rows) > MaxImportRows {
		return nil, fmt.Errorf("%d rows are too many for one import", len(rows))
	}
	o.At, o.AllOrNothing = s.timestamp(), false
	b, err := s.newImportBatch(rows, o)
	if err == nil {
		err = b.run(ctx)
	}
	if err != nil {
		return nil, err
	}
	return b.results, nil
}

// importBatch is an import on its way to the store.
type importBatch struct {
	service *Service
	options ImportOptions
	rows    []parsedRow // those that are still to be carried out
	places  []int       // where results has the result of each of them
	results []ImportResult
}

// newImportBatch checks rows, and leaves those that are in order to the store.
func (s *Service) newImportBatch(rows []ImportInput, o ImportOptions) (*importBatch, error) {
	b := &importBatch{service: s, options: o, results: make([]ImportResult, len(rows))}
	for i, in := range rows {
		row, err := s.parseImport(in, o.At)
		if err != nil {
			b.results[i] = ImportResult{ImportRefused, err}
			continue
		}
		if row.Record.User.ID == uuid.Nil {
			if row.Record.User.ID, err = s.newID(); err != nil {
				return nil, fmt.Errorf("make an id: %w", err)
			}
		}
		b.rows, b.places = append(b.rows, row), append(b.places, i)
	}
	return b, nil
}

// refused tells whether a row was refused.
func (b *importBatch) refused() bool { return slices.ContainsFunc(b.results, ImportResult.Refused) }

func (b *importBatch) run(ctx context.Context) error {
	if b.prepareHashing() && !b.options.DryRun {
		if err := b.hashThoseThatCount(ctx); err != nil {
			return err
		}
	}
	return b.store(ctx, b.options)
}

// prepareHashing puts something in the place of each hash that is yet to be
// computed, and tells whether there are any.
func (b *importBatch) prepareHashing() (any bool) {
	for i, r := range b.rows {
		if r.password != nil {
			b.rows[i].Record.PasswordHash = "to come"
			any = true
		}
	}
	return any
}

// hashThoseThatCount asks the store what would become of the rows, drops those
// that would change nothing, and hashes the passwords of the others: whoever
// resumes an import does not want to wait for what is there already.
func (b *importBatch) hashThoseThatCount(ctx context.Context) error {
	dry := b.options
	dry.DryRun = true
	if err := b.store(ctx, dry); err != nil {
		return err
	}
	if b.options.AllOrNothing && b.refused() {
		b.rows, b.places = nil, nil
		return nil
	}
	kept := 0
	for i, place := range b.places {
		if o := b.results[place].Outcome; o == ImportCreated || o == ImportUpdated {
			b.rows[kept], b.places[kept] = b.rows[i], place
			kept++
		}
	}
	b.rows, b.places = b.rows[:kept], b.places[:kept]
	return b.hash(ctx)
}

// hash hashes the passwords, as many at once as there is room for.
func (b *importBatch) hash(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range b.service.gate.limits.Slots {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(b.rows); i = int(next.Add(1)) - 1 {
				if err := b.hashRow(ctx, &b.rows[i]); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

func (b *importBatch) hashRow(ctx context.Context, r *parsedRow) (err error) {
	if r.password != nil {
		r.Record.PasswordHash, err = b.service.hashPassword(ctx, *r.password)
	}
	return err
}

// store has the store carry out the rows and notes the results.
func (b *importBatch) store(ctx context.Context, o ImportOptions) error {
	rows := make([]ImportRow, len(b.rows))
	for i, r := range b.rows {
		rows[i] = r.ImportRow
	}
	results, err := b.service.store.ImportUsers(ctx, rows, o)
	for i, r := range results {
		b.results[b.places[i]] = r
	}
	return err
}
