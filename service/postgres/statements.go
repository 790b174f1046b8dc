package postgres

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/userd/userd/service"
)

// The columns that are read together; the scan functions below know their order.
const (
	// A verification counts while it is about the address that the user has: a
	// program that knows nothing of it changes the address alone.
	userColumns = `id, email, first_name, last_name, is_active, version, created_at, updated_at,
		CASE WHEN email_verified_key = email_key THEN email_verified_at END AS email_verified_at`
	keyedColumns  = userColumns + `, email_key, first_name_key, last_name_key`
	recordColumns = keyedColumns + `, password_hash`
	// writtenColumns are a record's as they are kept; recordValues knows their order.
	writtenColumns = `id, email, first_name, last_name, is_active, version, created_at, updated_at, ` +
		`email_key, first_name_key, last_name_key, password_hash, email_verified_at, email_verified_key`
	changeColumns = `seq, at, kind, user_id, version, fields, actor, request_id`
)

// Reads, each one statement and so one snapshot.
const (
	// selectLookups looks users up one by one, in one go. The array hides in a
	// SELECT from the planner, which would else find a plan for each number of
	// ids cheaper than one for all, and make one each time; LIMIT leaves it no
	// other plan than to look each up.
	selectLookups = `SELECT u.*, i.place FROM unnest((SELECT $1::uuid[])) WITH ORDINALITY AS i (id, place),
		LATERAL (SELECT ` + userColumns + ` FROM userd_users u WHERE u.id = i.id LIMIT 1) AS u`
	selectUsers        = `SELECT ` + userColumns + ` FROM userd_users WHERE id = ANY($1)`
	selectPasswordHash = `SELECT password_hash FROM userd_users WHERE id = $1`

	countAll      = `SELECT active + inactive FROM userd_state`
	countActive   = `SELECT active FROM userd_state`
	countInactive = `SELECT inactive FROM userd_state`

	// It has PostgreSQL do what service.HashScheme does, so that the hashes stay where they are.
	countHashSchemes = `SELECT substring(password_hash FROM '^\$?[^$]*'), count(*) FROM userd_users GROUP BY 1`

	selectLog = `SELECT log_id, first_seq, last_seq FROM userd_state`

	// The log's state comes with the changes, so that what is missing between
	// them cannot be taken for what never was.
	selectChanges = `SELECT s.log_id, s.first_seq, s.last_seq, c.* FROM userd_state s LEFT JOIN LATERAL (
		SELECT ` + changeColumns + ` FROM userd_changes
		WHERE seq > $1 AND seq <= s.last_seq ORDER BY seq LIMIT $2) c ON true ORDER BY c.seq`
	selectChangesOfUser = `SELECT s.log_id, s.first_seq, s.last_seq, c.* FROM userd_state s LEFT JOIN LATERAL (
		SELECT ` + changeColumns + ` FROM userd_changes
		WHERE seq > $1 AND seq <= s.last_seq AND user_id = $3 ORDER BY seq LIMIT $2) c ON true ORDER BY c.seq`

	// What a copy looks at now and then: how far the log goes, and whether the
	// server has become a replica.
	selectPulse = `SELECT last_seq, current_setting('transaction_read_only') = 'on' FROM userd_state`
)

// The steps of the transaction that changes users. It runs at READ COMMITTED:
// what is read after the lock has been waited for is what the transactions
// before it have left.
const (
	begin = `BEGIN ISOLATION LEVEL READ COMMITTED`
	// An operator may have turned synchronous_commit off for speed; what is
	// acknowledged here must survive a crash.
	limitTransaction = `SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true),
		set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)`
	lockState       = `SELECT log_id, first_seq, last_seq, active, inactive FROM userd_state FOR UPDATE`
	recordsByID     = `SELECT ` + recordColumns + ` FROM userd_users WHERE id = ANY($1)`
	recordsByEmail  = `SELECT ` + recordColumns + ` FROM userd_users WHERE email_key = ANY($1)`
	unnestedRecords = `unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::integer[], $7::timestamptz[], $8::timestamptz[],
		$9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::text[])`
	deleteUsers = `DELETE FROM userd_users WHERE id = ANY($1)`
	updateUsers = `UPDATE userd_users u SET (email, first_name, last_name, is_active, version, created_at, updated_at,
			email_key, first_name_key, last_name_key, password_hash, email_verified_at, email_verified_key)
		= (v.email, v.first_name, v.last_name, v.is_active, v.version, v.created_at, v.updated_at,
			v.email_key, v.first_name_key, v.last_name_key, v.password_hash, v.email_verified_at, v.email_verified_key)
		FROM ` + unnestedRecords + ` AS v (` + writtenColumns + `) WHERE u.id = v.id`
	insertUsers = `INSERT INTO userd_users (` + writtenColumns + `) SELECT * FROM ` + unnestedRecords
	// Of the changes of users who are deleted the names of the fields stay.
	eraseChanges = `UPDATE userd_changes SET fields = (
			SELECT coalesce(jsonb_agg(jsonb_build_object('field', f.value -> 'field') ORDER BY f.ordinality), '[]')
			FROM jsonb_array_elements(fields) WITH ORDINALITY f)
		WHERE user_id = ANY($1)`
	insertChanges = `INSERT INTO userd_changes (` + changeColumns + `) SELECT seq, at, kind, user_id, version, fields::jsonb, actor, request_id
		FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::uuid[], $5::integer[], $6::text[], $7::text[], $8::text[]) AS v (` + changeColumns + `)`
	// The lower bound spares a walk, under the lock, over what earlier
	// transactions have dropped and no vacuum has taken out of the index yet.
	dropChanges = `DELETE FROM userd_changes WHERE seq >= $1 AND seq < $2`
	putState    = `UPDATE userd_state SET first_seq = $1, last_seq = $2, active = $3, inactive = $4`
	notify      = `SELECT pg_notify($1, $2)`
	commit      = `COMMIT`
	rollback    = `ROLLBACK`
)

// Others.
const (
	// countProbe is the least transaction that shows that the server takes writes.
	countProbe = `UPDATE userd_state SET probes = probes + 1 RETURNING first_seq, last_seq`
	// findChange tells whether a change is in the log, and is the one that is meant.
	findChange = `SELECT count(*) > 0 FROM userd_changes WHERE seq = $1 AND user_id = $2 AND version = $3 AND at = $4 AND request_id = $5`
	// firstSince looks no further than to $2: all that one transaction can drop.
	firstSince = `SELECT coalesce((SELECT seq FROM userd_changes WHERE seq >= $1 AND seq < $2 AND at >= $3 ORDER BY seq LIMIT 1), $2)`
	backendPID = `SELECT pg_backend_pid()`
)

// userTargets are where the userColumns go.
func userTargets(u *service.User) []any {
	return []any{(*[16]byte)(&u.ID), &u.Email, &u.FirstName, &u.LastName, &u.IsActive, &u.Version, &u.CreatedAt, &u.UpdatedAt, (*timeOrNull)(&u.EmailVerifiedAt)}
}

// timeOrNull takes null as the zero time.
type timeOrNull time.Time

// ScanTimestamptz implements [pgtype.TimestamptzScanner].
func (t *timeOrNull) ScanTimestamptz(v pgtype.Timestamptz) error {
	*t = timeOrNull{}
	if v.Valid {
		*t = timeOrNull(v.Time.UTC())
	}
	return nil
}

// keyTargets are where the columns go that keyedColumns has beyond userColumns.
func keyTargets(k *service.Keys) []any { return []any{&k.Email, &k.FirstName, &k.LastName} }

func inUTC(u *service.User) { u.CreatedAt, u.UpdatedAt = u.CreatedAt.UTC(), u.UpdatedAt.UTC() }

func scanUser(row pgx.CollectableRow) (u service.User, err error) {
	err = row.Scan(userTargets(&u)...)
	inUTC(&u)
	return u, err
}

func scanKeyedUser(row pgx.CollectableRow) (service.KeyedUser, error) {
	r := new(service.Record) // of which the hash stays away
	err := row.Scan(append(userTargets(&r.User), keyTargets(&r.Keys)...)...)
	inUTC(&r.User)
	return r.Keyed(), err
}

func scanRecord(row pgx.CollectableRow) (*service.Record, error) {
	r := new(service.Record)
	err := row.Scan(append(append(userTargets(&r.User), keyTargets(&r.Keys)...), &r.PasswordHash)...)
	inUTC(&r.User)
	return r, err
}

// recordArrays are the arguments of unnestedRecords.
func recordArrays(records []*service.Record) []any {
	n := len(records)
	ids, versions, active := make([][16]byte, n), make([]int32, n), make([]bool, n)
	created, updated := make([]time.Time, n), make([]time.Time, n)
	texts := make([][]string, 7)
	verified, verifiedKeys := make([]*time.Time, n), make([]*string, n)
	for i, r := range records {
		u, k := &r.User, &r.Keys
		ids[i], versions[i], active[i], created[i], updated[i] = u.ID, u.Version, u.IsActive, u.CreatedAt, u.UpdatedAt
		verified[i], verifiedKeys[i] = verification(r)
		for j, text := range []string{u.Email, u.FirstName, u.LastName, k.Email, k.FirstName, k.LastName, r.PasswordHash} {
			texts[j] = append(texts[j], text)
		}
	}
	return []any{ids, texts[0], texts[1], texts[2], active, versions, created, updated, texts[3], texts[4], texts[5], texts[6],
		verified, verifiedKeys}
}

// verification is when an address was verified and which one, or nulls.
func verification(r *service.Record) (at *time.Time, key *string) {
	if at = r.User.VerifiedAt(); at != nil {
		key = &r.Keys.Email
	}
	return at, key
}

// changeNames are the changeColumns one by one.
var changeNames = strings.Split(changeColumns, ", ")

// changeValues are the values of the changeColumns.
func changeValues(c *service.Change) ([]any, error) {
	fields, err := fieldsText(c)
	return []any{c.Seq, c.At, string(c.Kind), [16]byte(c.UserID), c.Version, fields, c.Origin.Actor, c.Origin.RequestID}, err
}

// fieldsText is c's fields as JSON, [] and not null where there are none.
func fieldsText(c *service.Change) (string, error) {
	text, err := json.Marshal(append([]service.FieldChange{}, c.Fields...))
	return string(text), err
}

// changeArrays are the arguments of insertChanges.
func changeArrays(changes []service.Change) ([]any, error) {
	n := len(changes)
	seqs, times, versions := make([]int64, n), make([]time.Time, n), make([]int32, n)
	kinds, users, fields := make([]string, n), make([][16]byte, n), make([]string, n)
	actors, requests := make([]string, n), make([]string, n)
	for i := range changes {
		c := &changes[i]
		seqs[i], times[i], kinds[i], users[i], versions[i] = c.Seq, c.At, string(c.Kind), c.UserID, c.Version
		actors[i], requests[i] = c.Origin.Actor, c.Origin.RequestID
		var err error
		if fields[i], err = fieldsText(c); err != nil {
			return nil, err
		}
	}
	return []any{seqs, times, kinds, users, versions, fields, actors, requests}, nil
}

// writtenNames are the writtenColumns one by one.
var writtenNames = strings.Split(writtenColumns, ", ")

// recordValues are the values of the writtenColumns.
func recordValues(r *service.Record) []any {
	u, k := &r.User, &r.Keys
	verifiedAt, verifiedKey := verification(r)
	return []any{[16]byte(u.ID), u.Email, u.FirstName, u.LastName, u.IsActive, u.Version, u.CreatedAt, u.UpdatedAt,
		k.Email, k.FirstName, k.LastName, r.PasswordHash, verifiedAt, verifiedKey}
}
