package journal

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// errNotAsWritten is what is wrong with a row whose checksum is not its own.
var errNotAsWritten = errors.New("it is not as it was written")

// row reads the values of a row one after the other. In a damaged file any
// value can be of any type.
type row struct {
	values []driver.Value
	err    error
}

func next[T any](r *row) (value T) {
	value, ok := r.values[0].(T)
	if !ok {
		r.err = errNotAsWritten
	}
	r.values = r.values[1:]
	return value
}

func (r *row) time() time.Time { return time.UnixMicro(next[int64](r)).UTC() }

// timeOrNull reads a time, or the zero time for null.
func (r *row) timeOrNull() time.Time {
	if r.values[0] != nil {
		return r.time()
	}
	r.values = r.values[1:]
	return time.Time{}
}

// bytesOrNull reads bytes, or none for null.
func (r *row) bytesOrNull() []byte {
	if r.values[0] != nil {
		return next[[]byte](r)
	}
	r.values = r.values[1:]
	return nil
}

func (r *row) id() uuid.UUID {
	id, err := uuid.FromBytes(next[[]byte](r))
	if err != nil {
		r.err = errNotAsWritten
	}
	return id
}

const userColumns = `id, email, first_name, last_name, is_active, version,
	created_at, updated_at, email_key, first_name_key, last_name_key, password_hash, email_verified_at, checksum`

// recordOf reads the userColumns and returns the row's checksum, too.
func recordOf(values []driver.Value, sum *checksum) (*service.Record, int64, error) {
	in := row{values: values}
	r := &service.Record{}
	u, k := &r.User, &r.Keys
	u.ID = in.id()
	u.Email, u.FirstName, u.LastName = next[string](&in), next[string](&in), next[string](&in)
	u.IsActive, u.Version = next[int64](&in) != 0, int32(next[int64](&in)) // #nosec G115 -- written from 32 bits; the checksum says so
	u.CreatedAt, u.UpdatedAt = in.time(), in.time()
	k.Email, k.FirstName, k.LastName = next[string](&in), next[string](&in), next[string](&in)
	r.PasswordHash = next[string](&in)
	u.EmailVerifiedAt = in.timeOrNull()
	want := next[int64](&in)
	if in.err == nil && sum.ofRecord(r) != want {
		in.err = errNotAsWritten
	}
	pack([7]*string{&u.Email, &u.FirstName, &u.LastName, &k.Email, &k.FirstName, &k.LastName, &r.PasswordHash})
	return r, want, in.err
}

// pack moves texts into one piece of memory, those that are part of one before
// them, as a key is of its value and a name often of an e-mail address, to where
// they are there already: a million users are a hundred megabytes smaller for it.
func pack(texts [7]*string) {
	buf := make([]byte, 0, 512)
	var from [len(texts)]int
	for i, t := range texts {
		if from[i] = bytes.Index(buf, []byte(*t)); from[i] < 0 {
			from[i] = len(buf)
			buf = append(buf, *t...)
		}
	}
	all := string(buf)
	for i, t := range texts {
		*t = all[from[i] : from[i]+len(*t)]
	}
}

const changeColumns = `seq, at, kind, user_id, version, fields, actor, request_id, image, checksum`

// changeOf reads the changeColumns.
func changeOf(values []driver.Value, sum *checksum) (c service.Change, image []byte, err error) {
	in := row{values: values}
	c.Seq, c.At, c.Kind = next[int64](&in), in.time(), service.ChangeKind(next[string](&in))
	c.UserID, c.Version = in.id(), int32(next[int64](&in)) // #nosec G115 -- written from 32 bits; the checksum says so
	fields := next[string](&in)
	c.Origin.Actor, c.Origin.RequestID = next[string](&in), next[string](&in)
	image = in.bytesOrNull()
	want := next[int64](&in)
	if in.err != nil {
		return c, nil, in.err
	}
	if sum.ofChange(&c, fields, image) != want {
		return c, nil, errNotAsWritten
	}
	return c, image, json.Unmarshal([]byte(fields), &c.Fields)
}
