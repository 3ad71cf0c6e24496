package httpapi

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Proxies are the networks of the proxies in front of the server.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks: "10.0.0.7", "10.0.0.0/8", "fd00::/8".
func ParseProxies(texts []string) (proxies Proxies, err error) {
	for _, text := range texts {
		prefix, bad := netip.ParsePrefix(text)
		if address, alone := netip.ParseAddr(text); alone == nil {
			prefix, bad = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if bad != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network of a proxy", text)
		}
		proxies = append(proxies, prefix)
	}
	return proxies, nil
}

func (p Proxies) include(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(address) })
}

// address is where a request comes from: the peer, or, as far as the peers are our own proxies, whom they name in X-Forwarded-For.
// Each proxy adds its peer at the end, so it is read backwards; what a stranger wrote in front of that is never reached.
func (p Proxies) address(c *fiber.Ctx) string {
	at, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	at = at.Unmap()
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for _, hop := range slices.Backward(hops) {
		named, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !p.include(at) {
			break
		}
		at = named.Unmap()
	}
	return at.String()
}

const addressKey = "dutybound-address"

func noteAddress(c *fiber.Ctx, p Proxies) { c.Locals(addressKey, p.address(c)) }

func addressOf(c *fiber.Ctx) string {
	address, _ := c.Locals(addressKey).(string)
	return address
}
