package journal

import (
	"encoding/binary"
	"hash/crc64"

	"github.com/userd/userd/service"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// checksum accumulates values into a CRC-64. SQLite checks a file's structure
// but not its contents: without it a flipped bit would be another user.
type checksum struct{ buf []byte }

func (c *checksum) int(n int64) { c.buf = binary.AppendVarint(c.buf, n) }

func (c *checksum) text(s string) {
	c.int(int64(len(s)))
	c.buf = append(c.buf, s...)
}

func (c *checksum) sum() int64 { return int64(crc64.Checksum(c.buf, crcTable)) } // #nosec G115 -- the same 64 bits

// ofRecord is the checksum of a row of users.
func (c *checksum) ofRecord(r *service.Record) int64 {
	c.buf = append(c.buf[:0], r.User.ID[:]...)
	c.text(r.User.Email)
	c.text(r.User.FirstName)
	c.text(r.User.LastName)
	c.int(boolInt(r.User.IsActive))
	c.int(int64(r.User.Version))
	c.int(r.User.CreatedAt.UnixMicro())
	c.int(r.User.UpdatedAt.UnixMicro())
	c.text(r.Keys.Email)
	c.text(r.Keys.FirstName)
	c.text(r.Keys.LastName)
	c.text(r.PasswordHash)
	if !r.User.EmailVerifiedAt.IsZero() {
		c.int(r.User.EmailVerifiedAt.UnixMicro())
	}
	return c.sum()
}

// ofChange is the checksum of a row of changes, with its fields and image as
// they are written there.
func (c *checksum) ofChange(ch *service.Change, fields string, image []byte) int64 {
	c.buf = append(c.buf[:0], ch.UserID[:]...)
	c.int(ch.Seq)
	c.int(ch.At.UnixMicro())
	c.text(string(ch.Kind))
	c.int(int64(ch.Version))
	c.text(fields)
	c.text(ch.Origin.Actor)
	c.text(ch.Origin.RequestID)
	c.buf = append(c.buf, image...)
	return c.sum()
}

// ofState is the checksum of the row of state.
func (c *checksum) ofState(s *State) int64 {
	c.buf = c.buf[:0]
	c.text(s.LogID)
	c.int(s.LastSeq)
	c.int(int64(s.Users))
	c.int(s.digest)
	return c.sum()
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
