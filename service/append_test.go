package service_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func TestAppendID(t *testing.T) {
	for _, id := range []uuid.UUID{uuid.Nil, uuid.Max, uuid.MustParse("0123abcd-4567-89ef-0123-456789abcdef")} {
		got := service.AppendID([]byte("x"), id)
		if want := "x" + id.String(); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
		if read, err := service.ParseID(string(got[1:])); err != nil || read != id {
			t.Errorf("%s is read as %v, %v", got, read, err)
		}
	}
}

// TestAppendTime: as [time.Time.Format] writes times by the layout, in all
// their digits, and in UTC.
func TestAppendTime(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.UnixMicro(0), time.Date(2026, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(2026, 1, 1, 0, 30, 0, 120_000_000, time.FixedZone("", 3600)), time.Date(800, 2, 29, 10, 20, 30, 405_060_000, time.UTC),
	} {
		if got, want := string(service.AppendTime([]byte("x"), at)), "x"+at.UTC().Format(`"`+service.TimeLayout+`"`); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
