package service_test

import (
	"testing"
	"time"

	"github.com/userd/userd/service"
)

// An item is there until just before it ends.
func TestItemIsThere(t *testing.T) {
	end := time.UnixMicro(1_700_000_000_000_000).UTC()
	for _, c := range []struct {
		ends, at time.Time
		want     bool
	}{
		{end, end.Add(-time.Microsecond), true},
		{end, end, false},
		{end, end.Add(time.Microsecond), false},
		{time.Time{}, end, true},
	} {
		if i := (service.Item{ExpiresAt: c.ends}); i.IsThere(c.at) != c.want {
			t.Errorf("at %v an item that ends %v is there: %t", c.at, c.ends, !c.want)
		}
	}
}
