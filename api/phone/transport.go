package phone

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Transport sends requests with proofs of the phone's key. It learns the server's nonce from any answer, and sends a request again that
// was refused for want of one: the server has done nothing then. It is an http.RoundTripper for the generated client of the api package.
type Transport struct {
	Key  *Key
	Base http.RoundTripper // nil: http.DefaultTransport

	mu    sync.Mutex
	token string
	nonce map[string]string // by server
}

// SignedIn keeps the token that requests are sent with from now on; empty: none, as for signing in.
func (t *Transport) SignedIn(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = token
}

// RoundTrip implements http.RoundTripper. A request that has an Authorization header keeps it: so a phone that signed in without a key
// enrols one.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	again := request.GetBody
	if request.Body == nil || request.Body == http.NoBody {
		again = func() (io.ReadCloser, error) { return http.NoBody, nil }
	}
	used := t.nonceOf(request)
	answer, err := t.send(request, request.Body, used)
	if err != nil || !wantsNonce(answer) || t.nonceOf(request) == used || again == nil {
		return answer, err
	}
	body, err := again()
	if err != nil {
		return answer, nil // the first answer says it all
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // or the connection is lost
	_ = answer.Body.Close()
	return t.send(request, body, t.nonceOf(request))
}

func wantsNonce(answer *http.Response) bool {
	return answer.StatusCode == http.StatusUnauthorized && strings.Contains(answer.Header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`)
}

func (t *Transport) send(request *http.Request, body io.ReadCloser, nonce string) (*http.Response, error) {
	signed := request.Clone(request.Context())
	signed.Body = body
	if err := t.sign(signed, nonce); err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, err
	}
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	answer, err := base.RoundTrip(signed)
	if err == nil {
		t.learn(request, answer.Header.Get("DPoP-Nonce"))
	}
	return answer, err
}

func (t *Transport) sign(request *http.Request, nonce string) error {
	t.mu.Lock()
	token := t.token
	t.mu.Unlock()
	if given := request.Header.Get("Authorization"); given != "" {
		_, token, _ = strings.Cut(given, " ")
	} else if token != "" {
		request.Header.Set("Authorization", "DPoP "+token)
	}
	address := *request.URL
	if request.Host != "" {
		address.Host = request.Host
	}
	proof, err := t.Key.Prove(NewClaims(request.Method, &address, token, nonce))
	if err != nil {
		return fmt.Errorf("prove the key: %w", err)
	}
	request.Header.Set("DPoP", proof)
	return nil
}

func server(r *http.Request) string { return r.URL.Scheme + "://" + r.URL.Host }

func (t *Transport) nonceOf(r *http.Request) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.nonce[server(r)]
}

func (t *Transport) learn(r *http.Request, nonce string) {
	if nonce == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.nonce == nil {
		t.nonce = map[string]string{}
	}
	t.nonce[server(r)] = nonce
}
