package service_test

import (
	"testing"

	"github.com/userd/userd/service"
)

func TestOptional(t *testing.T) {
	for _, c := range []struct {
		name                string
		in                  service.Optional[string]
		value               string
		given, null, absent bool
	}{
		{"the zero value is absent", service.Optional[string]{}, "", false, false, true},
		{"null", service.Null[string](), "", false, true, false},
		{"a value", service.Some("ada"), "ada", true, false, false},
		{"the empty value is a value", service.Some(""), "", true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			value, given := c.in.Get()
			if value != c.value || given != c.given || c.in.IsNull() != c.null || c.in.IsAbsent() != c.absent {
				t.Errorf("got %q, given %v, null %v, absent %v", value, given, c.in.IsNull(), c.in.IsAbsent())
			}
		})
	}
}
