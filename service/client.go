package service

import (
	"context"
	"net/netip"
)

// clientBits are how many leading bits of an IPv6 address tell one client from
// another: each site is given a /64 at least, and can have any address in it.
const clientBits = 64

// clientAt is the client with this network address, to count what it does by: an
// IPv4 address, or the /64 of an IPv6 address. It is not valid where addr is not.
func clientAt(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = clientBits
	}
	client, _ := addr.Prefix(bits) // which cannot fail for these
	return client
}

// WithClient returns a context whose calls come from the client with this
// network address. A context without it is that of somebody on the same machine.
func WithClient(ctx context.Context, addr netip.Addr) context.Context {
	c := *callerOf(ctx)
	c.client = clientAt(addr)
	return WithCaller(ctx, c)
}

// ClientOf is the client that WithClient, or [WithCaller], noted in ctx: an IPv4
// address, or the /64 of an IPv6 address. It is not valid where there is none.
func ClientOf(ctx context.Context) netip.Prefix { return callerOf(ctx).client }
