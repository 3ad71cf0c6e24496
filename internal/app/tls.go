package app

import (
	"crypto/tls"
	"fmt"
	"net"
)

// withTLS makes a listener speak TLS, 1.2 at the least. Fiber knows no HTTP/2; a proxy in front may.
func withTLS(listener net.Listener, cert, key string) (net.Listener, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}
