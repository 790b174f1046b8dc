package service

import "time"

// MaxImportRows is how many rows [Store.ImportUsers] takes at once: enough that
// what a transaction costs does not show, few enough to be held in memory.
const MaxImportRows = 5000

// ConflictPolicy says what becomes of an imported row whose user is there
// already.
type ConflictPolicy string

// What can become of such a row.
const (
	// ConflictFail: the row is refused.
	ConflictFail ConflictPolicy = "fail"
	// ConflictSkip: the user stays as it is.
	ConflictSkip ConflictPolicy = "skip"
	// ConflictUpdate: the user gets the row's values.
	ConflictUpdate ConflictPolicy = "update"
)

// ImportRow is a user to be imported.
type ImportRow struct {
	// Record is the user to create, with its own id, times and version. Without
	// a password hash it is a user whom no password lets in, until it is given one.
	Record Record
	// KeepIsActive leaves IsActive of a user who is there already alone: the row
	// does not say. So does KeepEmailVerifiedAt with whether the address is
	// verified, unless the row has another address.
	KeepIsActive, KeepEmailVerifiedAt bool
}

// Update is what the row changes, at the time at, about a user who is there
// already: all that an update can change and the row says. Id, version and
// times of the row play no part.
func (r *ImportRow) Update(at time.Time) Update {
	u, k := &r.Record.User, &r.Record.Keys
	update := Update{At: at,
		Email: &Text{u.Email, k.Email}, FirstName: &Text{u.FirstName, k.FirstName}, LastName: &Text{u.LastName, k.LastName}}
	if !r.KeepIsActive {
		update.IsActive = &u.IsActive
	}
	if !r.KeepEmailVerifiedAt {
		update.EmailVerifiedAt = &u.EmailVerifiedAt
	}
	if r.Record.PasswordHash != "" {
		update.PasswordHash = &r.Record.PasswordHash
	}
	return update
}

// UpdateOf is Update for a user who is kept as old: where that changes the
// password, or keeps the user out, it ends its sessions.
func (r *ImportRow) UpdateOf(old *Record, at time.Time) Update {
	u := r.Update(at)
	if u.PasswordHash != nil && *u.PasswordHash == old.PasswordHash {
		u.PasswordHash = nil
	}
	u.endAccess()
	return u
}

// ImportOptions say how rows are imported.
type ImportOptions struct {
	// OnConflict says what becomes of rows whose user is there already.
	OnConflict ConflictPolicy
	// At is the time of the changes, in the change log and of updates.
	At time.Time
	// DryRun returns the results and changes nothing.
	DryRun bool
	// AllOrNothing changes nothing when a row is refused, as in a dry run.
	AllOrNothing bool
}

// ImportOutcome tells what became of a row.
type ImportOutcome string

// What becomes of rows.
const (
	// ImportCreated: there is a new user.
	ImportCreated ImportOutcome = "created"
	// ImportUpdated: the user who was there has changed.
	ImportUpdated ImportOutcome = "updated"
	// ImportUnchanged: the user who was there has all the row's values already.
	ImportUnchanged ImportOutcome = "unchanged"
	// ImportSkipped: the user who was there was left alone, as [ConflictSkip] says.
	ImportSkipped ImportOutcome = "skipped"
	// ImportRefused: the row was not imported; the result's error says why.
	ImportRefused ImportOutcome = "refused"
)

// ImportResult tells what became of one row.
type ImportResult struct {
	Outcome ImportOutcome
	// Err is why the row was refused, otherwise nil.
	Err error
}

// Refused tells whether the row was refused.
func (r ImportResult) Refused() bool { return r.Outcome == ImportRefused }
