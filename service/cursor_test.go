package service_test

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/servicetest"
)

var someID = uuid.MustParse("0198c0de-0000-7000-8000-0123456789ab")

func TestCursorRoundTrip(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 11, 23, 12, 34, 56, 789012000, time.UTC),
		time.Unix(0, 0).UTC(),
		time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		wantRoundTrip(t, service.OrderByCreatedAt, service.Position{At: at, ID: someID})
	}
	for _, field := range []service.OrderField{service.OrderByEmail, service.OrderByLastName} {
		wantRoundTrip(t, field, service.Position{ID: someID})
		wantRoundTrip(t, field, service.Position{Key: "ada@example.com", ID: uuid.Max})
		for _, c := range servicetest.Names() {
			if c.OK() {
				wantRoundTrip(t, field, service.Position{Key: c.Key, ID: someID})
			}
		}
	}
}

func wantRoundTrip(t *testing.T, f service.OrderField, p service.Position) {
	t.Helper()
	got, problem := service.DecodeCursor(service.EncodeCursor(f, p), f)
	if problem != nil {
		t.Errorf("the cursor of %+v by %s is refused", p, f)
		return
	}
	if diff := cmp.Diff(p, *got); diff != "" {
		t.Errorf("by %s (-want +got):\n%s", f, diff)
	}
}

// rawCursor is the cursor of these bytes.
func rawCursor(parts ...[]byte) string {
	var b []byte
	for _, part := range parts {
		b = append(b, part...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestCursorRefused(t *testing.T) {
	id := someID[:]
	created, email := []byte{1, 'c'}, []byte{1, 'e'}
	micros := func(at int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(at)) }
	beforeYear1 := time.Date(0, 12, 31, 23, 59, 59, 999999000, time.UTC).UnixMicro()
	afterYear9999 := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	goodTime, goodKey := rawCursor(created, id, micros(0)), rawCursor(email, id, []byte("a@b.c"))
	for name, c := range map[string]struct {
		cursor string
		order  service.OrderField
	}{
		"empty":                    {"", service.OrderByEmail},
		"no base64":                {"!", service.OrderByEmail},
		"a word":                   {"cursor", service.OrderByEmail},
		"of another order":         {goodTime, service.OrderByEmail},
		"of the other key":         {goodKey, service.OrderByLastName},
		"of an order by time":      {goodKey, service.OrderByCreatedAt},
		"another format":           {rawCursor([]byte{2, 'e'}, id), service.OrderByEmail},
		"no id":                    {rawCursor(email), service.OrderByEmail},
		"half an id":               {rawCursor(email, id[:8]), service.OrderByEmail},
		"time missing":             {rawCursor(created, id), service.OrderByCreatedAt},
		"time too short":           {rawCursor(created, id, make([]byte, 7)), service.OrderByCreatedAt},
		"time too long":            {rawCursor(created, id, make([]byte, 9)), service.OrderByCreatedAt},
		"time before year 1":       {rawCursor(created, id, micros(beforeYear1)), service.OrderByCreatedAt},
		"time after year 9999":     {rawCursor(created, id, micros(afterYear9999)), service.OrderByCreatedAt},
		"earliest time":            {rawCursor(created, id, micros(math.MinInt64)), service.OrderByCreatedAt},
		"latest time":              {rawCursor(created, id, micros(math.MaxInt64)), service.OrderByCreatedAt},
		"key with NUL":             {rawCursor(email, id, []byte("a\x00")), service.OrderByEmail},
		"key that is not UTF-8":    {rawCursor(email, id, []byte("a\xff")), service.OrderByEmail},
		"key too long":             {rawCursor(email, id, make([]byte, maxKeyBytes+1)), service.OrderByEmail},
		"line feed at the end":     {goodKey + "\n", service.OrderByEmail},
		"line feed inside":         {goodKey[:8] + "\r\n" + goodKey[8:], service.OrderByEmail},
		"space around":             {" " + goodKey, service.OrderByEmail},
		"padding":                  {goodKey + "=", service.OrderByEmail},
		"standard base64":          {strings.NewReplacer("-", "+", "_", "/").Replace(rawCursor(email, id, []byte("ÿÿ~~>>??"))), service.OrderByEmail},
		"bits set behind the end":  {goodTime[:len(goodTime)-1] + "B", service.OrderByCreatedAt},
		"a character more":         {goodKey + "A", service.OrderByEmail},
		"a character less":         {goodTime[:len(goodTime)-1], service.OrderByCreatedAt},
		"very long":                {strings.Repeat("A", 1<<20), service.OrderByEmail},
		"upper and lower switched": {strings.ToUpper(goodKey), service.OrderByEmail},
	} {
		t.Run(name, func(t *testing.T) {
			if _, p := service.DecodeCursor(c.cursor, c.order); p.Code() != service.FieldInvalid {
				t.Errorf("the mistake is %q, want %q", p.Code(), service.FieldInvalid)
			}
		})
	}
}

// A cursor in which one character was changed is refused or is that of another
// place: no two cursors are one place.
func TestCursorTampered(t *testing.T) {
	const f = service.OrderByEmail
	good := service.EncodeCursor(f, service.Position{Key: "ada@example.com", ID: someID})
	for i := range good {
		for _, c := range "AQgw-_" {
			tampered := good[:i] + string(c) + good[i+1:]
			p, problem := service.DecodeCursor(tampered, f)
			if problem == nil && service.EncodeCursor(f, *p) != tampered {
				t.Errorf("%q stands for the place of %q", tampered, service.EncodeCursor(f, *p))
			}
		}
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add("", "email")
	f.Add(service.EncodeCursor(service.OrderByCreatedAt, service.Position{At: time.Unix(1, 0), ID: someID}), "created_at")
	f.Add(service.EncodeCursor(service.OrderByEmail, service.Position{Key: "ada@example.com", ID: someID}), "email")
	f.Add(service.EncodeCursor(service.OrderByLastName, service.Position{Key: "ådä", ID: someID}), "last_name")
	f.Fuzz(func(t *testing.T, cursor, order string) {
		field := service.OrderField(order)
		p, problem := service.DecodeCursor(cursor, field)
		if problem != nil {
			return
		}
		if again := service.EncodeCursor(field, *p); again != cursor {
			t.Errorf("%q by %s is written %q", cursor, order, again)
		}
		if strings.ContainsRune(p.Key, 0) || p.At.Year() > 9999 {
			t.Errorf("%q by %s is the position %+v, which not every store can take", cursor, order, p)
		}
	})
}
