package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/userd/userd/service"
)

func modelCases() []contract {
	return []contract{{"a store answers as a map of users does, whatever it is asked", func(t *testing.T, s service.Store) {
		rapid.Check(t, func(rt *rapid.T) { newModel(t.Context(), rt, s).run(rt) })
	}}}
}

// model is the simplest store that keeps the contract, beside the real one. It
// draws what to do from small pools, so that keys meet and users share values.
type model struct {
	ctx   context.Context
	store service.Store
	users map[uuid.UUID]service.Record
	gone  []uuid.UUID // of users who were deleted; an import may bring them back
	log   history
	base  int64 // the number of the last change before the model's
}

// newModel empties the store, which many runs share.
func newModel(ctx context.Context, t *rapid.T, s service.Store) *model {
	m := &model{ctx: service.WithOrigin(ctx, origin), store: s, users: make(map[uuid.UUID]service.Record)}
	left, err := s.ListUsers(ctx, service.ListQuery{Limit: all})
	for _, u := range left {
		if err == nil {
			err = s.DeleteUser(ctx, u.User.ID, service.Deletion{At: start})
		}
	}
	log, logErr := s.ChangeLog(ctx)
	if err != nil || logErr != nil {
		t.Fatal(err, logErr)
	}
	m.base = log.Last
	return m
}

func (m *model) run(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){
		"create":       m.create,
		"update":       m.update,
		"delete":       m.delete,
		"import":       m.importRows,
		"export":       m.export,
		"read":         m.read,
		"read several": m.readSeveral,
		"list":         m.list,
		"count":        m.count,
		"read the log": m.readLog,
	})
	m.readLog(t)
}

// same holds what the store returned to what the model has.
func same[T any](t *rapid.T, what string, want, got T, err error, opts ...cmp.Option) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, got, append(opts, cmpopts.EquateEmpty())...); diff != "" {
		t.Fatalf("%s (-model +store):\n%s", what, diff)
	}
}

// failed holds err to the error with a code that the model returns, or nil.
func failed(t *rapid.T, want, err error) {
	t.Helper()
	var coded interface {
		error
		Code() service.Code
	}
	if want != nil && errors.As(err, &coded) {
		err = coded
	}
	if diff := cmp.Diff(want, err); diff != "" {
		t.Fatalf("the error (-model +store):\n%s", diff)
	}
}

func drawText(t *rapid.T, label string) service.Text {
	key := rapid.SampledFrom([]string{"a", "ab", "abc", "b", "B", "é", "e\u0301", "%", "_", `\`, "zz", "\U0010ffff"}).Draw(t, label)
	return service.Text{Value: key + rapid.SampledFrom([]string{"", "'"}).Draw(t, label+" spelling"), Key: key}
}

func drawTime(t *rapid.T) time.Time {
	return start.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "time")) * time.Microsecond)
}

// drawVerification draws when an address was verified, or that it was not.
func drawVerification(t *rapid.T, label string) time.Time {
	if !rapid.Bool().Draw(t, label) {
		return time.Time{}
	}
	return drawTime(t)
}

// drawOptional draws a value or none.
func drawOptional[T any](t *rapid.T, label string, draw func(*rapid.T, string) T) *T {
	if !rapid.Bool().Draw(t, label+" given") {
		return nil
	}
	v := draw(t, label)
	return &v
}

func drawBool(t *rapid.T, label string) bool { return rapid.Bool().Draw(t, label) }

func drawHash(t *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"$1", "$2"}).Draw(t, label)
}

// drawID draws the id of a user who is there, mostly.
func (m *model) drawID(t *rapid.T) uuid.UUID {
	ids := slices.SortedFunc(maps.Keys(m.users), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return rapid.SampledFrom(append(ids, numberedID(0))).Draw(t, "id")
}

// drawNewID draws an id that no user ever had; where it stands among the
// others is drawn.
func (m *model) drawNewID(t *rapid.T) uuid.UUID {
	id := numberedID(byte(len(m.log.changes) + 1))
	binary.BigEndian.PutUint32(id[1:], uint32(m.base))
	id[7] = rapid.Byte().Draw(t, "id")
	return id
}

func drawVersions(t *rapid.T) service.Versions {
	if rapid.IntRange(0, 2).Draw(t, "versions given") > 0 {
		return nil
	}
	return service.Versions(rapid.SliceOfN(rapid.Int32Range(1, 4), 0, 3).Draw(t, "versions"))
}

func (m *model) records() []service.Record { return slices.Collect(maps.Values(m.users)) }

// taken tells whether another user than id has the e-mail key.
func (m *model) taken(key string, id uuid.UUID) bool {
	for _, r := range m.users {
		if r.Keys.Email == key && r.User.ID != id {
			return true
		}
	}
	return false
}

// expect is the error for a change of the user id at one of these versions.
func (m *model) expect(id uuid.UUID, versions service.Versions) error {
	r, there := m.users[id]
	switch {
	case !there:
		return &service.UserNotFoundError{ID: id}
	case versions != nil && !slices.Contains(versions, r.User.Version):
		return &service.VersionConflictError{ID: id, Current: r.User.Version}
	}
	return nil
}

func (m *model) create(t *rapid.T) {
	r := drawRecord(t, m.drawNewID(t))
	err := m.store.CreateUser(m.ctx, r)
	if m.taken(r.Keys.Email, r.User.ID) {
		failed(t, &service.EmailTakenError{}, err)
		return
	}
	failed(t, nil, err)
	m.users[r.User.ID] = r
	m.log.add(nil, &r, r.User.CreatedAt)
}

func drawRecord(t *rapid.T, id uuid.UUID) service.Record {
	email, first, last := drawText(t, "email"), drawText(t, "first name"), drawText(t, "last name")
	at := drawTime(t)
	return service.Record{
		User: service.User{
			ID: id, Email: email.Value, FirstName: first.Value, LastName: last.Value,
			EmailVerifiedAt: drawVerification(t, "verified"),
			IsActive:        drawBool(t, "active"), Version: 1, CreatedAt: at, UpdatedAt: at,
		},
		Keys:         service.Keys{Email: email.Key, FirstName: first.Key, LastName: last.Key},
		PasswordHash: drawHash(t, "hash"),
	}
}

// importRows imports rows of users who are there, were, or never have been.
func (m *model) importRows(t *rapid.T) {
	o := service.ImportOptions{
		OnConflict: rapid.SampledFrom(policies).Draw(t, "policy"), At: drawTime(t), DryRun: rapid.IntRange(0, 4).Draw(t, "dry run") == 0,
	}
	var rows []service.ImportRow
	var want []service.ImportResult
	real := m
	if o.DryRun {
		m = &model{users: maps.Clone(m.users), gone: m.gone, base: m.base, log: history{slices.Clone(m.log.changes)}}
	}
	for range rapid.IntRange(0, 4).Draw(t, "rows") {
		row := service.ImportRow{Record: drawRecord(t, m.drawImportID(t)), KeepIsActive: drawBool(t, "keep is_active"), KeepEmailVerifiedAt: drawBool(t, "keep verification")}
		if drawBool(t, "no hash") {
			row.Record.PasswordHash = ""
		}
		rows = append(rows, row)
		want = append(want, m.importRow(row, o))
	}
	got, err := real.store.ImportUsers(real.ctx, rows, o)
	same(t, "import", want, got, err)
}

// drawImportID draws an id that may be anybody's or nobody's.
func (m *model) drawImportID(t *rapid.T) uuid.UUID {
	switch rapid.IntRange(0, 2).Draw(t, "whose id") {
	case 0:
		if len(m.gone) > 0 {
			return rapid.SampledFrom(m.gone).Draw(t, "id")
		}
	case 1:
		if len(m.users) > 0 {
			return m.drawID(t)
		}
	}
	return m.drawNewID(t)
}

func (m *model) importRow(row service.ImportRow, o service.ImportOptions) service.ImportResult {
	id, taken := row.Record.User.ID, error(&service.IDTakenError{})
	old, there := m.users[id]
	if !there {
		taken = &service.EmailTakenError{}
		for _, r := range m.users {
			if r.Keys.Email == row.Record.Keys.Email {
				old, there = r, true
			}
		}
	}
	switch {
	case !there:
		m.users[id] = row.Record
		m.log.add(nil, &row.Record, o.At)
		return wasCreated
	case o.OnConflict == service.ConflictSkip:
		return wasSkipped
	case o.OnConflict == service.ConflictFail:
		return service.ImportResult{Outcome: service.ImportRefused, Err: taken}
	}
	updated, changed := row.Update(o.At).Apply(old)
	switch {
	case !changed:
		return wasUnchanged
	case m.taken(updated.Keys.Email, old.User.ID):
		return emailTaken
	}
	m.users[old.User.ID] = updated
	m.log.add(&old, &updated, o.At)
	return wasUpdated
}

func (m *model) export(t *rapid.T) {
	q := service.ListQuery{
		Order: service.Order{Field: service.OrderByCreatedAt},
		After: drawOptional(t, "after", m.drawPosition(service.OrderByCreatedAt)),
		Limit: rapid.SampledFrom([]int{1, 2, 5, all}).Draw(t, "limit"),
	}
	got, err := m.store.Records(m.ctx, q.After, q.Limit)
	same(t, "records", answer(m.records(), q), got, err)
}

func (m *model) update(t *rapid.T) {
	id := m.drawID(t)
	u := service.Update{
		Expect: drawVersions(t), At: drawTime(t),
		Email: drawOptional(t, "email", drawText), FirstName: drawOptional(t, "first name", drawText), LastName: drawOptional(t, "last name", drawText),
		IsActive: drawOptional(t, "active", drawBool), PasswordHash: drawOptional(t, "hash", drawHash),
		EmailVerifiedAt: drawOptional(t, "verification", drawVerification),
	}
	got, err := m.store.UpdateUser(m.ctx, id, u)
	if refused := m.expect(id, u.Expect); refused != nil {
		failed(t, refused, err)
		return
	}
	old := m.users[id]
	updated, changed := u.Apply(old)
	if m.taken(updated.Keys.Email, id) {
		failed(t, &service.EmailTakenError{}, err)
		return
	}
	same(t, "update", updated.User, got, err)
	if changed {
		m.users[id] = updated
		m.log.add(&old, &updated, u.At)
	}
}

func (m *model) delete(t *rapid.T) {
	id := m.drawID(t)
	d := service.Deletion{Expect: drawVersions(t), At: drawTime(t)}
	err := m.store.DeleteUser(m.ctx, id, d)
	failed(t, m.expect(id, d.Expect), err)
	if old, there := m.users[id]; there && err == nil {
		delete(m.users, id)
		m.gone = append(m.gone, id)
		m.log.add(&old, nil, d.At)
		m.log.erase(id)
	}
}

func (m *model) read(t *rapid.T) {
	id := m.drawID(t)
	u, err := m.store.User(m.ctx, id)
	hash, hashErr := m.store.PasswordHash(m.ctx, id)
	if missing := m.expect(id, nil); missing != nil {
		failed(t, missing, err)
		failed(t, missing, hashErr)
		return
	}
	same(t, "user", m.users[id].User, u, err)
	same(t, "password hash", m.users[id].PasswordHash, hash, hashErr)
}

func (m *model) readSeveral(t *rapid.T) {
	var ids []uuid.UUID
	want := make(map[uuid.UUID]service.User)
	for range rapid.IntRange(0, 5).Draw(t, "ids") {
		id := m.drawID(t)
		ids = append(ids, id)
		if r, there := m.users[id]; there {
			want[id] = r.User
		}
	}
	got, err := m.store.UsersByID(m.ctx, ids)
	byID := cmpopts.SortSlices(func(a, b service.User) bool { return a.ID.String() < b.ID.String() })
	same(t, "users by id", slices.Collect(maps.Values(want)), got, err, byID)
}

func drawFilter(t *rapid.T) service.Filter {
	f := service.Filter{IsActive: drawOptional(t, "active", drawBool)}
	if rapid.Bool().Draw(t, "prefix given") {
		f.Prefix = drawText(t, "prefix").Key
	}
	if rapid.IntRange(0, 3).Draw(t, "email given") == 0 {
		f.EmailKey = drawText(t, "email").Key
	}
	return f
}

// drawPosition draws the place of a user, or one beside it.
func (m *model) drawPosition(f service.OrderField) func(t *rapid.T, label string) service.Position {
	return func(t *rapid.T, label string) service.Position {
		id := m.drawID(t)
		if r, there := m.users[id]; there {
			return position(r, f)
		}
		p := service.Position{ID: numberedID(byte(rapid.IntRange(0, 255).Draw(t, label)))}
		if f == service.OrderByEmail || f == service.OrderByLastName {
			p.Key = drawText(t, label).Key
		} else {
			p.At = drawTime(t)
		}
		return p
	}
}

func (m *model) list(t *rapid.T) {
	q := service.ListQuery{
		Filter: drawFilter(t),
		Order:  rapid.SampledFrom(orders()).Draw(t, "order"),
		Limit:  rapid.SampledFrom([]int{1, 2, 3, 5, 200, all}).Draw(t, "limit"),
	}
	q.After = drawOptional(t, "after", m.drawPosition(q.Order.Field))
	q.Before = drawOptional(t, "before", m.drawPosition(q.Order.Field))
	got, err := m.store.ListUsers(m.ctx, q)
	same(t, "list", listed(answer(m.records(), q)...), got, err)
}

func (m *model) count(t *rapid.T) {
	f := drawFilter(t)
	got, err := m.store.CountUsers(m.ctx, f)
	same(t, "count", len(answer(m.records(), service.ListQuery{Filter: f, Limit: all})), got, err)
}

func (m *model) readLog(t *rapid.T) {
	got, err := m.store.Changes(m.ctx, service.ChangeQuery{After: m.base, Limit: all})
	for i := range got.Changes {
		got.Changes[i].Seq -= m.base
	}
	same(t, "changes", m.log.changes, got.Changes, err)
}
