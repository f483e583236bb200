package pod_test

import (
	"net/netip"
	"testing"

	"github.com/peerpod/peerpod/pod"
)

func TestHousehold(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"9.9.9.9", "9.9.9.9/32"},
		{"::ffff:9.9.9.9", "9.9.9.9/32"},
		{"127.0.0.2", "127.0.0.2/32"},
		{"::1", "::1/128"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	}
	for _, test := range tests {
		if got := pod.Household(netip.MustParseAddr(test.addr)).String(); got != test.want {
			t.Errorf("Household(%s) = %s, want %s", test.addr, got, test.want)
		}
	}
	if got := pod.Household(netip.Addr{}); got.IsValid() {
		t.Errorf("Household(none) = %s, want an invalid prefix", got)
	}
}
