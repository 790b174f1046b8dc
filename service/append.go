package service

import (
	"encoding/hex"
	"time"

	"github.com/google/uuid"
)

// AppendID appends id in its canonical form, the one that [ParseID] reads.
func AppendID(b []byte, id uuid.UUID) []byte {
	const zero = "00000000-0000-0000-0000-000000000000"
	b = append(b, zero...)
	text := (*[len(zero)]byte)(b[len(b)-len(zero):])
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	return b
}

// AppendTime appends t as [TimeLayout] has it, in quotation marks: as JSON.
// [time.Time.AppendFormat] would be much of what a list of users costs.
func AppendTime(b []byte, t time.Time) []byte {
	const zero = `"0000-00-00T00:00:00.000000Z"`
	b = append(b, zero...)
	text := (*[len(zero)]byte)(b[len(b)-len(zero):])
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	micro := t.Nanosecond() / 1000
	putTwo(text[1:], year/100)
	putTwo(text[3:], year%100)
	putTwo(text[6:], int(month))
	putTwo(text[9:], day)
	putTwo(text[12:], hour)
	putTwo(text[15:], minute)
	putTwo(text[18:], second)
	putTwo(text[21:], micro/10_000)
	putTwo(text[23:], micro/100%100)
	putTwo(text[25:], micro%100)
	return b
}

// putTwo writes v, from 0 to 99, as two digits.
func putTwo(text []byte, v int) {
	copy(text[:2], twoDigits[2*v:2*v+2])
}

// twoDigits are the numbers from 00 to 99.
const twoDigits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
