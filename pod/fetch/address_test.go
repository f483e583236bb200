package fetch_test

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
)

// TestAllowed is the whole policy: the last class, from ClassAny on, that an address may
// be called with; -1 is none.
func TestAllowed(t *testing.T) {
	const none = pod.AddrClass(-1)
	tests := []struct {
		at     string
		widest pod.AddrClass
	}{
		{"127.0.0.1:9000", pod.ClassLoopback},
		{"127.8.8.8:9000", pod.ClassLoopback},
		{"[::1]:9000", pod.ClassLoopback},
		{"[::ffff:127.0.0.1]:9000", pod.ClassLoopback},
		{"10.0.0.1:80", pod.ClassPrivate},
		{"172.16.3.4:443", pod.ClassPrivate},
		{"192.168.1.10:9000", pod.ClassPrivate},
		{"100.64.0.1:9000", pod.ClassPrivate},
		{"169.254.1.1:9000", pod.ClassPrivate},
		{"[::ffff:192.168.1.10]:9000", pod.ClassPrivate},
		{"[fd00::1]:9000", pod.ClassPrivate},
		{"[fe80::1]:9000", pod.ClassPrivate},
		{"[fe80::1%eth0]:9000", pod.ClassPrivate},
		{"198.18.0.1:9000", pod.ClassPrivate},
		{"192.0.2.1:9000", pod.ClassPrivate},
		{"203.0.113.9:9000", pod.ClassPrivate},
		{"240.0.0.1:9000", pod.ClassPrivate},
		{"[2001:db8::1]:9000", pod.ClassPrivate},
		{"[fec0::1]:9000", pod.ClassPrivate},
		{"[2002:808:808::1]:9000", pod.ClassPrivate},
		{"[64:ff9b:1::808:808]:9000", pod.ClassPrivate},
		{"8.8.8.8:80", pod.ClassPublic},
		{"8.8.8.8:443", pod.ClassPublic},
		{"8.8.8.8:1024", pod.ClassPublic},
		{"8.8.8.8:65535", pod.ClassPublic},
		{"[2606:4700::1111]:9000", pod.ClassPublic},
		{"[::ffff:8.8.8.8]:9000", pod.ClassPublic},
		{"[64:ff9b::808:808]:9000", pod.ClassPublic},

		{"8.8.8.8:22", none},
		{"8.8.8.8:25", none},
		{"8.8.8.8:1023", none},
		{"8.8.8.8:0", none},
		{"127.0.0.1:22", none},
		{"0.0.0.0:9000", none},
		{"0.1.2.3:9000", none},
		{"[::]:9000", none},
		{"[::ffff:0.0.0.0]:9000", none},
		{"224.0.0.1:9000", none},
		{"[ff02::1]:9000", none},
		{"255.255.255.255:9000", none},
		{"169.254.169.254:80", none},
		{"[::ffff:169.254.169.254]:80", none},
		{"[fd00:ec2::254]:80", none},
		{"[64:ff9b::7f00:1]:9000", none},
		{"[64:ff9b::a9fe:a9fe]:80", none},
		{"[64:ff9b::c0a8:101]:9000", none},
		{"[64:ff9b:1::7f00:1]:9000", none},
		{"[64:ff9b::]:9000", none},
		{"[2002:7f00:1::]:9000", none},
		{"[2002:c0a8:101::1]:9000", none},
		{"[::127.0.0.1]:9000", none},
		{"[::10.0.0.1]:9000", none},
		{"[::ffff:0:7f00:1]:9000", none},
		{"[2001:0:808:808::80ff:fffe]:9000", none}, // Teredo, client 127.0.0.1
		{"[2001:0:7f00:1::f7f7:f7f7]:9000", none},  // Teredo, server 127.0.0.1
	}
	for _, test := range tests {
		for class := pod.ClassAny; class <= pod.ClassPublic; class++ {
			err := fetch.Allowed(netip.MustParseAddrPort(test.at), class)
			if (err == nil) != (class <= test.widest) || err != nil && !errors.Is(err, fetch.ErrAddress) {
				t.Errorf("Allowed(%s, %d) = %v, want allowed up to class %d", test.at, class, err, test.widest)
			}
		}
	}
	if err := fetch.Allowed(netip.AddrPort{}, pod.ClassAny); !errors.Is(err, fetch.ErrAddress) {
		t.Errorf("Allowed(nothing) = %v, want ErrAddress", err)
	}
}

// TestNoConnection is NET-01 and NET-02: nothing knocks at the door.
func TestNoConnection(t *testing.T) {
	d := serve(t, func(http.ResponseWriter, *http.Request) {})
	six := listen(t, "[::]:0")
	serveAt(t, six, func(http.ResponseWriter, *http.Request) {})
	c := patient()
	c.Resolver = resolver(t, map[string][][]netip.Addr{
		"localhost": {addrs("127.0.0.1", "::1")},
		"home.test": {addrs("127.0.0.1")}, "home6.test": {addrs("::1")}, "both.test": {addrs("127.0.0.1", "::1")}, "any.test": {addrs("0.0.0.0", "::")},
		"mapped.test": {addrs("::ffff:127.0.0.1")}, "nat.test": {addrs("64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1")},
		"2130706433": {addrs("127.0.0.1")}, "0x7f.1": {addrs("127.0.0.1")}, "0177.0.0.1": {addrs("127.0.0.1")}, // as a system's resolver reads them
	})
	hosts := []string{
		"127.0.0.1", "127.0.0.2", "0.0.0.0", "localhost", "localhost.", "LOCALHOST", "2130706433", "0x7f.1", "0177.0.0.1", "home.test", "any.test", "mapped.test", "nat.test",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "home6.test", "both.test",
	}
	for _, class := range []pod.AddrClass{pod.ClassPrivate, pod.ClassPublic, 99, -1} {
		for _, host := range hosts {
			for _, port := range []string{d.port(), six.port()} {
				url := "http://" + host + ":" + port + "/"
				if _, err := client(t, c).Do(t.Context(), fetch.Request{URL: url, Narrowest: class}); !errors.Is(err, fetch.ErrAddress) {
					t.Errorf("Do(%s, class %d) = %v, want ErrAddress", url, class, err)
				}
			}
		}
	}
	for _, url := range []string{
		"http://127.0.0.1:22/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://0.0.0.0:" + d.port() + "/",
		"file:///etc/passwd", "gopher://127.0.0.1:" + d.port() + "/", "http:///x", "http:127.0.0.1:" + d.port(), "http://user:word@127.0.0.1:" + d.port() + "/", "http://2130706433:" + d.port() + "/", "http://0x7f.1:" + d.port() + "/", "http://0177.0.0.1:" + d.port() + "/", "http://%zz/", "", "//127.0.0.1/",
	} {
		if _, err := client(t, c).Do(t.Context(), fetch.Request{URL: url}); !errors.Is(err, fetch.ErrAddress) {
			t.Errorf("Do(%s) = %v, want ErrAddress for the owner too", url, err)
		}
	}
	if d.count.Load() != 0 || six.count.Load() != 0 {
		t.Errorf("the listeners saw %d and %d connections, want none", d.count.Load(), six.count.Load())
	}
}

// TestOwnersAddresses is NET-06: what the owner typed, and a loopback friend, may be here.
func TestOwnersAddresses(t *testing.T) {
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("here")) })
	c := patient()
	c.Resolver = resolver(t, map[string][][]netip.Addr{"pod.test": {addrs("127.0.0.1")}})
	one := client(t, c)
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "pod.test"} {
		for _, class := range []pod.AddrClass{pod.ClassAny, pod.ClassLoopback} {
			got, err := one.Do(t.Context(), fetch.Request{URL: "http://" + host + ":" + d.port() + "/", Narrowest: class})
			if err != nil || string(got.Body) != "here" || got.Class != pod.ClassLoopback || got.Remote.String() != "127.0.0.1" {
				t.Errorf("Do(%s, class %d) = %q from %s of class %d, %v, want here, 127.0.0.1, loopback", host, class, got.Body, got.Remote, got.Class, err)
			}
		}
	}
}

// TestRebinding is NET-03: what a name server says first does not count for later.
func TestRebinding(t *testing.T) {
	d := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := patient()
	c.Resolver = resolver(t, map[string][][]netip.Addr{
		"rebind.test": {addrs("8.8.8.8"), addrs("127.0.0.1")},
		"two.test":    {addrs("8.8.8.8", "127.0.0.1")},
		"turned.test": {addrs("127.0.0.1", "8.8.8.8")},
	})
	one := watched(t, fetch.StayHome(c))
	for _, step := range []struct {
		host string
		want error
	}{
		{"rebind.test", fetch.ErrUnreachable},
		{"rebind.test", fetch.ErrAddress},
		{"two.test", fetch.ErrUnreachable},
		{"turned.test", fetch.ErrUnreachable},
	} {
		_, err := one.Do(t.Context(), fetch.Request{URL: "http://" + step.host + ":" + d.port() + "/", Narrowest: pod.ClassPublic})
		if !errors.Is(err, step.want) {
			t.Errorf("Do(%s) = %v, want %v", step.host, err, step.want)
		}
	}
	if d.count.Load() != 0 {
		t.Errorf("the listener saw %d connections, want none", d.count.Load())
	}
}

func TestKeptConnectionsAreNotShared(t *testing.T) {
	asked := 0
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte("x"))
	})
	one, url := client(t, patient()), "http://"+d.Addr().String()+"/"
	for range 2 {
		if _, err := one.Do(t.Context(), fetch.Request{URL: url}); err != nil {
			t.Fatalf("Do() = %v, want an answer", err)
		}
	}
	if d.count.Load() != 1 {
		t.Errorf("two requests made %d connections, want one that is kept", d.count.Load())
	}
	for _, class := range []pod.AddrClass{pod.ClassPrivate, pod.ClassPublic} {
		if _, err := one.Do(t.Context(), fetch.Request{URL: url, Narrowest: class}); !errors.Is(err, fetch.ErrAddress) {
			t.Errorf("Do(class %d) = %v, want ErrAddress in spite of the kept connection", class, err)
		}
		if _, err := one.Stream(t.Context(), fetch.Request{URL: url, Narrowest: class}); !errors.Is(err, fetch.ErrAddress) {
			t.Errorf("Stream(class %d) = %v, want ErrAddress in spite of the kept connection", class, err)
		}
	}
	if asked != 2 || d.count.Load() != 1 {
		t.Errorf("the server saw %d requests over %d connections, want 2 over 1", asked, d.count.Load())
	}
}
