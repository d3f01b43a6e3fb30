package api

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// TrustedProxies are the proxies whose X-Forwarded-For is believed. The zero
// value believes nobody: the client is who connects.
type TrustedProxies struct {
	// hops is how many proxies stand before this process, when their addresses
	// are not known.
	hops int
	nets []netip.Prefix
}

// ParseTrustedProxies reads how many proxies stand before this process, or
// their networks: "1", or "10.0.0.0/8,fd00::/8".
func ParseTrustedProxies(text string) (TrustedProxies, error) {
	var t TrustedProxies
	if text = strings.TrimSpace(text); text == "" {
		return t, nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		if n < 0 || n > 10 {
			return t, errors.New("must be between 0 and 10 proxies, or their networks")
		}
		t.hops = n
		return t, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if addr, err := netip.ParseAddr(item); err == nil {
			t.nets = append(t.nets, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			continue
		}
		net, err := netip.ParsePrefix(item)
		if err != nil {
			return TrustedProxies{}, errors.New("must be a number of proxies, or their networks such as 10.0.0.0/8")
		}
		t.nets = append(t.nets, net.Masked())
	}
	return t, nil
}

// trusts tells whether the nth proxy from here, counted from 0, is believed.
func (t TrustedProxies) trusts(n int, addr netip.Addr) bool {
	if n < t.hops {
		return true
	}
	for _, net := range t.nets {
		if net.Contains(addr) {
			return true
		}
	}
	return false
}

// client gives the address that a request comes from. Each believed proxy
// vouches for the one before it; the first that nobody vouches for is the
// client. It is the zero address when the connection has none.
func (t TrustedProxies) client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	if t.hops == 0 && t.nets == nil {
		return addr
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for n := 0; t.trusts(n, addr) && n < len(chain); n++ {
		before, err := netip.ParseAddr(strings.TrimSpace(chain[len(chain)-1-n]))
		if err != nil {
			break // what a believed proxy did not write is not believed
		}
		addr = before.Unmap().WithZone("")
	}
	return addr
}

// secure tells whether the caller came by TLS, to here or to a proxy that is believed.
func (t TrustedProxies) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if r.Header.Get("X-Forwarded-Proto") != "https" {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && t.trusts(0, peer.Addr().Unmap())
}

// household is what an address is counted as: a host of IPv6 has a whole
// network of addresses.
func household(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	net, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return net.Addr()
}
