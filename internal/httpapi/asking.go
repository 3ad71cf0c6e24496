package httpapi

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/identity"
)

// The headers of RFC 9449.
const (
	proofHeader = "DPoP"
	nonceHeader = "DPoP-Nonce"
)

// askers knows under which addresses the server is reached: a proof names the address that the phone asked, and a proxy in front may
// have changed it on the way.
type askers struct {
	public []string // "https://duty.example.org", without a slash at the end; empty: what the Host header says
	tls    bool     // the server itself speaks TLS
}

// ParsePublic reads the addresses that phones reach the server under: "https://duty.example.org", with a path when a proxy adds one.
func ParsePublic(texts []string) (public []string, err error) {
	for _, text := range texts {
		u, bad := url.Parse(text)
		if bad != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("%q is not an address like https://duty.example.org", text)
		}
		public = append(public, strings.TrimSuffix(text, "/"))
	}
	return public, nil
}

func (a askers) of(c *fiber.Ctx) identity.Asking { return a.read(&c.Request().Header) }

// read takes from a request's header how it says who asks. With two Authorization headers it says nothing.
func (a askers) read(header *fasthttp.RequestHeader) identity.Asking {
	asking := identity.Asking{Method: string(header.Method()), URLs: a.addresses(header)}
	if credentials := header.PeekAll(fiber.HeaderAuthorization); len(credentials) == 1 {
		scheme, token, _ := strings.Cut(string(credentials[0]), " ")
		switch strings.ToLower(scheme) {
		case "dpop":
			asking.Bound = true
			asking.Token = strings.TrimSpace(token)
		case "bearer":
			asking.Token = strings.TrimSpace(token)
		}
	}
	for _, proof := range header.PeekAll(proofHeader) {
		asking.Proofs = append(asking.Proofs, string(proof))
	}
	return asking
}

// addresses are what the proof may name, without the query. Without an address in the settings it is the one in the Host header, which
// whoever sends a stolen proof can choose; the token's hash and the server's nonce in it still hold. Who speaks TLS in front of a server
// that does not is not known then, so both schemes are right.
func (a askers) addresses(header *fasthttp.RequestHeader) (addresses []string) {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	if !strings.HasPrefix(path, "/") { // a proxy's way to ask: the whole address
		u, err := url.Parse(path)
		if err != nil {
			return nil
		}
		path = u.EscapedPath()
	}
	for _, base := range a.public {
		addresses = append(addresses, base+path)
	}
	if len(a.public) > 0 {
		return addresses
	}
	host := string(header.Host())
	addresses = append(addresses, "https://"+host+path)
	if !a.tls {
		addresses = append(addresses, "http://"+host+path)
	}
	return addresses
}
