package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/userd/userd/service"
)

// WithClients has the service know which client sent each request: the peer of
// its connection or, where that is a trusted proxy, whom the header
// X-Forwarded-For names. Proxies append to what they are sent, so that the
// right-most address which is not a trusted proxy's is the last that somebody
// trusted has seen; a client can invent everything left of it. The header
// Forwarded (RFC 7239) is not read: a proxy that writes one of the two hands on
// the other as the client sent it.
func WithClients(trusted []netip.Prefix) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(service.WithClient(r.Context(), clientAddr(r, trusted))))
		})
	}
}

// clientAddr is the address of the request's client. It is not valid for a
// connection without one.
func clientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	client := peer.Addr().Unmap()
	hops := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for hops != "" && isIn(client, trusted) {
		i := strings.LastIndexByte(hops, ',')
		hop, ok := parseHop(hops[i+1:])
		if !ok {
			break // "unknown", or nonsense: it is of whoever sent it
		}
		client, hops = hop, hops[:max(i, 0)]
	}
	return client
}

func isIn(addr netip.Addr, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(addr.WithZone("")) })
}

// parseHop reads an address, with or without a port; some proxies write that.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap(), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(text)
	return addr.Unmap(), err == nil
}
