package fetch_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
)

func TestCheckURL(t *testing.T) {
	name := strings.Repeat("a", 60)
	long := "http://" + strings.Join([]string{name, name, name, name[:53]}, ".") + ":9000"
	tests := []struct{ text, want string }{
		{"http://pod.example:9000", "http://pod.example:9000"},
		{"http://pod.example:9000/", "http://pod.example:9000"},
		{"HTTPS://Pod.Example", "https://pod.example"},
		{"https://pod.example:443/", "https://pod.example"},
		{"http://pod.example:80", "http://pod.example"},
		{"https://pod.example:80", "https://pod.example:80"},
		{"http://pod.example:", "http://pod.example"},
		{"http://pod.example:09000", "http://pod.example:9000"},
		{"http://pod.example.", "http://pod.example"},
		{"http://localhost.:9000", "http://localhost:9000"},
		{"http://nas_2:9000", "http://nas_2:9000"},
		{"http://anns-laptop.local:9000", "http://anns-laptop.local:9000"},
		{"https://xn--mller-kva.example", "https://xn--mller-kva.example"},
		{"http://127.0.0.1:9001", "http://127.0.0.1:9001"},
		{"http://[::1]:9001", "http://[::1]:9001"},
		{"http://[2001:DB8:0:0::1]:9001", "http://[2001:db8::1]:9001"},
		{"http://[::ffff:192.168.0.1]:9001", "http://192.168.0.1:9001"},
		{long, long},

		{long + "0", ""},
		{"http://" + strings.Repeat("a", 64), ""},
		{"", ""},
		{"pod.example:9000", ""},
		{"//pod.example", ""},
		{"ftp://pod.example", ""},
		{"http:pod.example", ""},
		{"http://", ""},
		{"http://:9000", ""},
		{"http://.", ""},
		{"http://pod..example", ""},
		{"http://-pod.example", ""},
		{"http://pod.example/x", ""},
		{"http://pod.example//", ""},
		{"http://pod.example/%2f", ""},
		{"http://pod.example?", ""},
		{"http://pod.example?a=b", ""},
		{"http://pod.example#", ""},
		{"http://pod.example/#a", ""},
		{"http://ann@pod.example", ""},
		{"http://ann:word@pod.example", ""},
		{"http://@pod.example", ""},
		{"http://pod.example:22", ""},
		{"http://pod.example:1023", ""},
		{"http://pod.example:0", ""},
		{"http://pod.example:65536", ""},
		{"http://pod.example:x", ""},
		{"http://pod example", ""},
		{"http://pod.example\n", ""},
		{"http://pod.exa\tmple", ""},
		{"http://pod;img-src.example", ""},
		{"http://pod'.example", ""},
		{"http://*.example", ""},
		{"http://müller.example", ""},
		{"http://%6cocalhost:9000", ""},
		{"http://2130706433:9000", ""},
		{"http://0x7f.1:9000", ""},
		{"http://0x7f000001:9000", ""},
		{"http://0177.0.0.1:9000", ""},
		{"http://1.2.3:9000", ""},
		{"http://pod.example.1:9000", ""},
		{"http://0.0.0.0:9000", ""},
		{"http://[::]:9000", ""},
		{"http://[ff02::1]:9000", ""},
		{"http://[fe80::1%25eth0]:9000", ""},
		{"http://[::127.0.0.1]:9000", ""},
		{"http://[127.0.0.1]:9000", ""},
		{"http://[pod.example]:9000", ""},
		{"http://169.254.169.254", ""},
	}
	for _, test := range tests {
		got, err := fetch.CheckURL(test.text)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("CheckURL(%q) = %q, %v, want %q", test.text, got, err, test.want)
		}
		if err != nil && pod.KindOf(err) != pod.KindInvalid {
			t.Errorf("CheckURL(%q) = kind %d, want KindInvalid", test.text, pod.KindOf(err))
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, text := range []string{
		"http://pod.example:9000/", "https://[::1]:9001", "http://0x7f.1", "http://ann:word@pod.example", "HTTP://LOCALHOST.:80/#", "http://[fe80::1%25eth0]:9000", "http://[::ffff:1.2.3.4]", "x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := fetch.CheckURL(text)
		if err != nil {
			if got != "" || pod.KindOf(err) != pod.KindInvalid {
				t.Errorf("CheckURL(%q) = %q, %v, want nothing and KindInvalid", text, got, err)
			}
			return
		}
		if again, err := fetch.CheckURL(got); err != nil || again != got {
			t.Errorf("CheckURL(%q) = %q, whose check = %q, %v, want itself", text, got, again, err)
		}
		u, err := url.Parse(got)
		if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != got || len(got) > 255 || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-_.:/[]") != "" {
			t.Errorf("CheckURL(%q) = %q, want a scheme and a host of plain letters", text, got)
		}
	})
}
