package wsfeed

import (
	"net"
	"net/http"

	"github.com/dutybound/dutybound/internal/feed"
)

// TakeOver begins a socket on a connection, as the handler does after the handshake was rehearsed.
func (f *Feed) TakeOver(conn net.Conn, request *http.Request, viewer feed.Viewer) {
	f.takeOver(conn, request, viewer, nil)
}
