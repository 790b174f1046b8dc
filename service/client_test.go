package service_test

import (
	"net/netip"
	"testing"

	"github.com/userd/userd/service"
)

func TestClientsAreToldApartByWhatTheyCannotChoose(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":             "192.0.2.1/32",
		"::ffff:192.0.2.1":      "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::":   "2001:db8:1:2::/64",
		"2001:db8:1:3::":        "2001:db8:1:3::/64",
		"fe80::1%eth0":          "fe80::/64",
		"::ffff:192.0.2.1%eth0": "192.0.2.1/32",
	} {
		if got := service.ClientOf(service.WithClient(t.Context(), netip.MustParseAddr(addr))); got.String() != want {
			t.Errorf("%s is %v, want %s", addr, got, want)
		}
	}
	if got := service.ClientOf(service.WithClient(t.Context(), netip.Addr{})); got.IsValid() {
		t.Errorf("nobody is %v", got)
	}
	if got := service.ClientOf(t.Context()); got.IsValid() {
		t.Errorf("nobody is %v", got)
	}
}
