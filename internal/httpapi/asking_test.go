package httpapi_test

import (
	"slices"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/httpapi"
)

func TestHowARequestSaysWhoAsks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		authorization []string
		bound         bool
		token         string
	}{
		"none": {}, "bearer": {[]string{"Bearer abc"}, false, "abc"}, "dpop": {[]string{"DPoP abc"}, true, "abc"},
		"any case": {[]string{"dPOP abc"}, true, "abc"}, "two": {[]string{"Bearer abc", "DPoP abc"}, false, ""},
		"basic": {[]string{"Basic abc"}, false, ""}, "no space": {[]string{"DPoPabc"}, false, ""}, "nothing": {[]string{"DPoP"}, true, ""},
	} {
		header := &fasthttp.RequestHeader{}
		for _, value := range c.authorization {
			header.Add("Authorization", value)
		}
		header.Add("DPoP", "one")
		header.Add("dpop", "two")
		got := httpapi.AskingOf(header, nil, false)
		if got.Bound != c.bound || got.Token != c.token || !slices.Equal(got.Proofs, []string{"one", "two"}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTheAddressesOfARequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		public []string
		tls    bool
		asked  string
		want   []string
	}{
		"by its host":           {nil, false, "/v1/me?x=1", []string{"https://h:1/v1/me", "http://h:1/v1/me"}},
		"over TLS":              {nil, true, "/v1/me", []string{"https://h:1/v1/me"}},
		"by the settings":       {[]string{"https://a.example", "https://b.example/x"}, false, "/v1/me?x=1", []string{"https://a.example/v1/me", "https://b.example/x/v1/me"}},
		"escaped":               {nil, true, "/v1/tasks/a%2Fb", []string{"https://h:1/v1/tasks/a%2Fb"}},
		"with its own address":  {nil, true, "http://evil.example/v1/me?x", []string{"https://h:1/v1/me"}},
		"with one that is none": {nil, true, "http://%zz/", nil},
	} {
		header := &fasthttp.RequestHeader{}
		header.SetHost("h:1")
		header.SetRequestURI(c.asked)
		if got := httpapi.AskingOf(header, c.public, c.tls).URLs; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPublicAddressesAreRead(t *testing.T) {
	t.Parallel()
	good, err := httpapi.ParsePublic([]string{"https://duty.example.org", "https://duty.example.org/field/", "http://10.0.0.7:8080"})
	if err != nil || !slices.Equal(good, []string{"https://duty.example.org", "https://duty.example.org/field", "http://10.0.0.7:8080"}) {
		t.Errorf("%v, %v", good, err)
	}
	for _, bad := range []string{"", "duty.example.org", "ftp://x", "https://", "https://u:p@x", "https://x?y", "https://x#y", "https://%zz"} {
		if _, err := httpapi.ParsePublic([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
