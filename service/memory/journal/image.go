package journal

import (
	"encoding/binary"
	"time"

	"github.com/userd/userd/service"
)

// appendImage appends r's image: what a row of users has, but for the id, the
// password's hash and the checksum.
func appendImage(b []byte, r *service.Record) []byte {
	u, k := &r.User, &r.Keys
	for _, s := range [...]string{u.Email, u.FirstName, u.LastName, k.Email, k.FirstName, k.LastName} {
		b = append(binary.AppendVarint(b, int64(len(s))), s...)
	}
	for _, n := range [...]int64{boolInt(u.IsActive), int64(u.Version), u.CreatedAt.UnixMicro(), u.UpdatedAt.UnixMicro()} {
		b = binary.AppendVarint(b, n)
	}
	if !u.EmailVerifiedAt.IsZero() {
		b = binary.AppendVarint(b, u.EmailVerifiedAt.UnixMicro())
	}
	return b
}

// recordOfImage reads what appendImage wrote.
func recordOfImage(b []byte) (*service.Record, error) {
	in := image{rest: b}
	r := &service.Record{}
	u, k := &r.User, &r.Keys
	for _, s := range [...]*string{&u.Email, &u.FirstName, &u.LastName, &k.Email, &k.FirstName, &k.LastName} {
		*s = in.text()
	}
	u.IsActive, u.Version = in.int() != 0, int32(in.int()) // #nosec G115 -- written from 32 bits
	u.CreatedAt, u.UpdatedAt = in.time(), in.time()
	if len(in.rest) > 0 {
		u.EmailVerifiedAt = in.time()
	}
	if in.bad || len(in.rest) > 0 {
		return nil, errNotAsWritten
	}
	return r, nil
}

// image is what is left to be read of one. In a damaged file it can be anything.
type image struct {
	rest []byte
	bad  bool
}

func (i *image) int() int64 {
	n, size := binary.Varint(i.rest)
	if size <= 0 {
		i.bad, size = true, 0
	}
	i.rest = i.rest[size:]
	return n
}

func (i *image) text() string {
	n := i.int()
	if n < 0 || n > int64(len(i.rest)) {
		i.bad, n = true, 0
	}
	s := string(i.rest[:n])
	i.rest = i.rest[n:]
	return s
}

func (i *image) time() time.Time { return time.UnixMicro(i.int()).UTC() }
