package service

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// cursorFormat is the first byte of every cursor, so that the form can change.
const cursorFormat = 1

// cursorPrefix is the length in bytes of what stands before the time or key.
const cursorPrefix = 2 + 16

// maxCursorLength bounds what is decoded, in bytes of base64url. The longest
// key is that of a name of 100 characters, well under 1200 bytes.
const maxCursorLength = 1624

// orderBytes are the order fields' names in cursors.
var orderBytes = map[OrderField]byte{OrderByCreatedAt: 'c', OrderByEmail: 'e', OrderByLastName: 'l'}

// encodeCursor writes a position in an order by f as an opaque text: format,
// order, id, and the time or key, in base64url.
func encodeCursor(f OrderField, p Position) string {
	b := make([]byte, 0, 128) // which most keys fit in
	b = append(b, cursorFormat, orderBytes[f])
	b = append(b, p.ID[:]...)
	if f == OrderByCreatedAt {
		b = binary.BigEndian.AppendUint64(b, uint64(p.At.UnixMicro()))
	} else {
		b = append(b, p.Key...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor reads what encodeCursor wrote for the same order. Cursors are
// not secret and not signed: a made-up one is just another place to start at.
func decodeCursor(s string, f OrderField) (*Position, *problem) {
	if len(s) <= maxCursorLength {
		if p, ok := readCursor(s, f); ok && encodeCursor(f, p) == s {
			return &p, nil
		}
	}
	return nil, &problem{FieldInvalid, "This is not a cursor of a list in this order; use one that the service has returned."}
}

// readCursor takes a cursor apart. Whether it is of this format and order shows
// when it is put together again.
func readCursor(s string, f OrderField) (p Position, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < cursorPrefix {
		return p, false
	}
	p.ID = uuid.UUID(b[2:cursorPrefix])
	rest := b[cursorPrefix:]
	if f == OrderByCreatedAt {
		if len(rest) != 8 {
			return p, false
		}
		p.At = time.UnixMicro(int64(binary.BigEndian.Uint64(rest))).UTC() // #nosec G115 -- the same 64 bits
		return p, 1 <= p.At.Year() && p.At.Year() <= 9999                 // what RFC 3339 can say and every engine can keep
	}
	p.Key = string(rest)
	return p, utf8.ValidString(p.Key) && !strings.ContainsRune(p.Key, 0) // PostgreSQL takes no other text
}
