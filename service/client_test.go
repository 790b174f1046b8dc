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

func TestACallerIsOneForEverythingThatAsks(t *testing.T) {
	ctx := service.WithCaller(t.Context(), service.NewCaller(key(service.ScopeUsersRead), netip.MustParseAddr("192.0.2.1"), "r1"))
	ctx = service.WithClient(service.WithOrigin(service.WithActor(ctx, service.KeyActor("other", nil)), service.OriginOf(ctx)), netip.MustParseAddr("192.0.2.2"))
	if got := service.OriginOf(ctx); got != (service.Origin{Actor: "key:app", RequestID: "r1"}) {
		t.Errorf("the origin is %+v", got)
	}
	if actor, client := service.ActorOf(ctx).String(), service.ClientOf(ctx).String(); actor != "key:other" || client != "192.0.2.2/32" {
		t.Errorf("%s calls from %s", actor, client)
	}
}
