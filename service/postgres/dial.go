package postgres

import (
	"context"
	"net"
)

// dial opens a connection that notices soon when the other side has fallen
// silent: without this a packet filter or a dead machine goes unnoticed for a
// quarter of an hour.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{
		Timeout: dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: silenceTimeout / 2, Interval: silenceTimeout / 2, Count: 2,
		},
		Control: limitSilence,
	}
	return d.DialContext(ctx, network, addr)
}
