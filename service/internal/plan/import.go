package plan

import (
	"slices"

	"github.com/userd/userd/service"
)

// Import stages what [service.Store]'s ImportUsers does, unless it is a dry
// run or comes to nothing, and returns its results.
func (v *View) Import(rows []service.ImportRow, o service.ImportOptions) []service.ImportResult {
	if !o.DryRun && !o.AllOrNothing {
		return v.importRows(rows, o)
	}
	results := NewView(v).importRows(rows, o) // what is staged there goes nowhere
	if o.DryRun || slices.ContainsFunc(results, service.ImportResult.Refused) {
		return results
	}
	return v.importRows(rows, o)
}

func (v *View) importRows(rows []service.ImportRow, o service.ImportOptions) []service.ImportResult {
	results := make([]service.ImportResult, len(rows))
	for i := range rows {
		results[i] = v.importRow(&rows[i], o)
	}
	return results
}

// importRow stages what row changes.
func (v *View) importRow(row *service.ImportRow, o service.ImportOptions) service.ImportResult {
	id, key := row.Record.User.ID, row.Record.Keys.Email
	there, taken := v.Record(id), error(&service.IDTakenError{})
	if there == nil {
		there, taken = v.WithEmail(key), &service.EmailTakenError{}
	}
	switch {
	case there == nil:
		v.stage(nil, new(row.Record))
		v.Imported[id] = true
		return service.ImportResult{Outcome: service.ImportCreated}
	case o.OnConflict == service.ConflictSkip:
		return service.ImportResult{Outcome: service.ImportSkipped}
	case o.OnConflict == service.ConflictUpdate:
		return v.importUpdate(there, row.UpdateOf(there, o.At))
	}
	return service.ImportResult{Outcome: service.ImportRefused, Err: taken}
}

func (v *View) importUpdate(old *service.Record, u service.Update) service.ImportResult {
	updated, err := v.update(old, u)
	switch {
	case err != nil:
		return service.ImportResult{Outcome: service.ImportRefused, Err: err}
	case updated == old:
		return service.ImportResult{Outcome: service.ImportUnchanged}
	}
	return service.ImportResult{Outcome: service.ImportUpdated}
}
