package service

import (
	"encoding/hex"
	"time"

	"github.com/google/uuid"
)

// AppendID appends id in its canonical form, the one that [ParseID] reads.
func AppendID(b []byte, id uuid.UUID) []byte {
	b = hex.AppendEncode(b, id[:4])
	for _, part := range [...][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		b = hex.AppendEncode(append(b, '-'), part)
	}
	return b
}

// AppendTime appends t as [TimeLayout] has it, in quotation marks: as JSON.
// [time.Time.AppendFormat] would be much of what a list of users costs.
func AppendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	micro := t.Nanosecond() / 1000
	b = appendTwo(appendTwo(append(b, '"'), year/100), year%100)
	b = appendTwo(append(b, '-'), int(month))
	b = appendTwo(append(b, '-'), day)
	b = appendTwo(append(b, 'T'), hour)
	b = appendTwo(append(b, ':'), minute)
	b = appendTwo(append(b, ':'), second)
	b = appendTwo(appendTwo(appendTwo(append(b, '.'), micro/10_000), micro/100%100), micro%100)
	return append(b, 'Z', '"')
}

// appendTwo appends v, from 0 to 99, as two digits.
func appendTwo(b []byte, v int) []byte {
	return append(b, byte('0'+v/10), byte('0'+v%10)) // #nosec G115 -- digits
}
