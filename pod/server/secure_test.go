package server_test

import (
	"net/http"
	"testing"
)

// Chromium warns of the header on plain http under a name, as friends on a LAN open it.
func TestOpenerPolicyOnlyWhereBrowsersHeedIt(t *testing.T) {
	h := start(t, nil)
	for host, want := range map[string]string{"localhost": "same-origin", "127.0.0.1:1": "same-origin", "[::1]:1": "same-origin", "192.168.1.7:9000": ""} {
		if got := h.do(t, http.MethodGet, "/", "Host: "+host).Header.Get("Cross-Origin-Opener-Policy"); got != want {
			t.Errorf("opener policy for %s = %q, want %q", host, got, want)
		}
	}
}
