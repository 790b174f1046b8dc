package postgres

import (
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/internal/plan"
)

// round is a part of a transaction's changes that can be made in any order,
// and therefore by one statement each for all deletions, updates and creations:
// no user gets an e-mail address that another one gives up.
type round struct {
	order   []uuid.UUID              // of the users, as they come up
	changes map[uuid.UUID]*plan.Step // what all changes of each come to
	freed   map[string]bool          // e-mail keys that have been given up
}

// hasFreed tells whether r gets an e-mail address that was given up in this round.
func (r *round) hasFreed(record *service.Record) bool {
	return record != nil && r.freed[record.Keys.Email]
}

// add adds a step.
func (r *round) add(s plan.Step) {
	if r.changes == nil {
		r.changes, r.freed = make(map[uuid.UUID]*plan.Step), make(map[string]bool)
	}
	id := idOf(s)
	net := r.changes[id]
	if net == nil {
		net = &plan.Step{Old: s.Old}
		r.changes[id] = net
		r.order = append(r.order, id)
	}
	net.New = s.New
	if s.Old != nil && (s.New == nil || s.New.Keys.Email != s.Old.Keys.Email) {
		r.freed[s.Old.Keys.Email] = true
	}
}

func idOf(s plan.Step) uuid.UUID {
	if s.Old != nil {
		return s.Old.User.ID
	}
	return s.New.User.ID
}

// net is what the round comes to.
func (r *round) net() (deleted []uuid.UUID, updated, created []*service.Record) {
	for _, id := range r.order {
		switch c := r.changes[id]; {
		case c.Old == nil && c.New == nil: // created and deleted
		case c.Old == nil:
			created = append(created, c.New)
		case c.New == nil:
			deleted = append(deleted, id)
		default:
			updated = append(updated, c.New)
		}
	}
	return deleted, updated, created
}
