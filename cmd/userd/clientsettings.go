package main

import (
	"errors"
	"net/netip"
)

// clientSettings say how clients are told apart.
type clientSettings struct {
	TrustedProxies []string `env:"USERD_TRUSTED_PROXIES" help:"Addresses or ranges, such as 10.0.0.0/8, of proxies whose X-Forwarded-For tells a client's address."`
}

// check refuses what is no address.
func (s *clientSettings) check() error {
	_, err := s.proxies()
	return err
}

// proxies are the ranges of the proxies' addresses.
func (s *clientSettings) proxies() ([]netip.Prefix, error) {
	ranges := make([]netip.Prefix, len(s.TrustedProxies))
	for i, text := range s.TrustedProxies {
		addr, err := netip.ParseAddr(text)
		ranges[i] = netip.PrefixFrom(addr, addr.BitLen())
		if err != nil {
			ranges[i], err = netip.ParsePrefix(text)
		}
		if err != nil || ranges[i].Addr().Zone() != "" || ranges[i].Addr().Is4In6() {
			return nil, errors.New("--trusted-proxies takes addresses and ranges such as 10.0.0.0/8 or 2001:db8::1")
		}
	}
	return ranges, nil
}
