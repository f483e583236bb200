package fetch

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// maxURLBytes bounds the base URL of a pod.
const maxURLBytes = 255

// CheckURL brings the base URL of a pod into its one shape: http or https, host in lower
// case, a port only where it is not the scheme's own, no slash at the end. What else a URL
// can have is refused, and so is what no pod can be called at: the error is a *pod.Error
// of KindInvalid with the code invalid_url. Names are not looked up.
func CheckURL(text string) (string, error) {
	if len(text) > maxURLBytes {
		return "", pod.Invalid("url", "The address of a pod has at most 255 characters.")
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", pod.Invalid("url", "The address of a pod begins with http:// or https:// and a host.")
	}
	if u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return "", pod.Invalid("url", "The address of a pod has a host and perhaps a port, and nothing after it.")
	}
	host, ok := checkHost(u.Hostname(), strings.HasPrefix(u.Host, "["))
	if !ok {
		return "", pod.Invalid("url", "The host in the address of a pod is a name or an IP address, in ASCII letters.")
	}
	port, ok := checkPort(u.Scheme, u.Port())
	if !ok {
		return "", pod.Invalid("url", "The port in the address of a pod is 80, 443, or one from 1024 to 65535.")
	}
	shape := u.Scheme + "://" + host + port
	if len(shape) > maxURLBytes {
		return "", pod.Invalid("url", "The address of a pod has at most 255 characters.")
	}
	return shape, nil
}

// checkHost gives the one spelling of a host.
func checkHost(host string, bracketed bool) (string, bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if bracketed != addr.Is6() || addr.Zone() != "" || never(addr.Unmap()) != nil {
			return "", false
		}
		if addr = addr.Unmap(); addr.Is6() {
			return "[" + addr.String() + "]", true
		}
		return addr.String(), true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if bracketed || host == "" || len(host) > 253 {
		return "", false
	}
	for label := range strings.SplitSeq(host, ".") {
		if !isLabel(label) {
			return "", false
		}
	}
	return host, !isOddNumber(host)
}

// isLabel tells whether text is one part of a name. Homes have names with a low line.
func isLabel(text string) bool {
	if text == "" || len(text) > 63 || text[0] == '-' || text[len(text)-1] == '-' {
		return false
	}
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// isOddNumber tells whether a host is what some systems take for an IPv4 address and
// others for a name, as 2130706433, 0x7f.1 and 0177.0.0.1
// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func isOddNumber(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, isHex := strings.CutPrefix(last, "0x"); isHex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// checkPort gives ":port", or nothing for the scheme's own.
func checkPort(scheme, text string) (string, bool) {
	if text == "" {
		return "", true
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || !allowedPort(uint16(port)) {
		return "", false
	}
	if scheme == "http" && port == 80 || scheme == "https" && port == 443 {
		return "", true
	}
	return ":" + strconv.Itoa(int(port)), true
}
