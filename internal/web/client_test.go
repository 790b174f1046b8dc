package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/userd/userd/internal/web"
	"github.com/userd/userd/service"
)

func TestTheClientIsWhomTheLastTrustedHasSeen(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:f::/48")}
	for _, tt := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "192.0.2.1:4711", nil, "192.0.2.1/32"},
		{"who is not trusted says nothing", "192.0.2.1:4711", []string{"198.51.100.7"}, "192.0.2.1/32"},
		{"a proxy", "10.1.2.3:4711", []string{"198.51.100.7"}, "198.51.100.7/32"},
		{"a proxy over IPv6", "[2001:db8:f::1]:4711", []string{"2001:db8::7"}, "2001:db8::/64"},
		{"a proxy's address mapped to IPv6", "[::ffff:10.1.2.3]:4711", []string{"::ffff:198.51.100.7"}, "198.51.100.7/32"},
		{"two proxies", "10.1.2.3:4711", []string{"198.51.100.7, 10.9.9.9"}, "198.51.100.7/32"},
		{"two proxies, a header each", "10.1.2.3:4711", []string{"198.51.100.7", "10.9.9.9"}, "198.51.100.7/32"},
		{"a client that invents one before it", "10.1.2.3:4711", []string{"203.0.113.1, 198.51.100.7"}, "198.51.100.7/32"},
		{"a client that invents a header", "10.1.2.3:4711", []string{"203.0.113.1", "198.51.100.7"}, "198.51.100.7/32"},
		{"a client that says it were a proxy", "10.1.2.3:4711", []string{"203.0.113.1, 10.0.0.1, 198.51.100.7"}, "198.51.100.7/32"},
		{"proxies alone", "10.1.2.3:4711", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1/32"},
		{"a proxy that says nothing", "10.1.2.3:4711", nil, "10.1.2.3/32"},
		{"a proxy that does not know", "10.1.2.3:4711", []string{"198.51.100.7, unknown"}, "10.1.2.3/32"},
		{"nothing between commas", "10.1.2.3:4711", []string{"198.51.100.7,,"}, "10.1.2.3/32"},
		{"with a port", "10.1.2.3:4711", []string{"198.51.100.7:80"}, "198.51.100.7/32"},
		{"IPv6 with a port", "10.1.2.3:4711", []string{"[2001:db8::7]:80"}, "2001:db8::/64"},
		{"IPv6 in brackets", "10.1.2.3:4711", []string{"[2001:db8::7]"}, "2001:db8::/64"},
		{"ten thousand hops", "10.1.2.3:4711", []string{strings.Repeat("10.0.0.1,", 10_000) + "10.0.0.2"}, "10.0.0.1/32"},
		{"a connection without an address", "@", []string{"198.51.100.7"}, "invalid Prefix"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			r.Header.Set("Forwarded", "for=203.0.113.99")
			r.Header.Set("X-Real-Ip", "203.0.113.99")
			var got netip.Prefix
			serve(web.WithClients(trusted)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = service.ClientOf(web.WithActor(r, service.Actor{}).Context())
			})), r)
			if got.String() != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}
