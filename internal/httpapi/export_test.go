package httpapi

import (
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/identity"
)

// AskingOf is how a request says who asks, to a server with these public addresses.
func AskingOf(header *fasthttp.RequestHeader, public []string, tls bool) identity.Asking {
	return askers{public, tls}.read(header)
}
