package assets_test

import (
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest/browser"
)

// reading makes a ReadBytes over some bytes and tells how a decoder ends.
const reading = `(async () => {
  const ends = async (decode, bytes) => {
    const data = Uint8Array.from(bytes);
    try { return JSON.stringify(await decode(async (start, end) => data.subarray(start, end), data.length)); }
    catch (err) { return "error: " + err.message; }
  };
  const hex = (text) => (text.replace(/\s/g, "").match(/../g) ?? []).map((h) => parseInt(h, 16));
  const { readMP4 } = await import("/assets/mp4.js");
  const { readWebM } = await import("/assets/webm.js");
  const { withTrackers } = await import("/assets/bencode.js");
  const { fileURLs, originOf, trackersOf } = await import("/assets/origin.js");
  const { sha1 } = await import("/assets/polyfill.js");
  const text = (bytes) => new TextDecoder("latin1").decode(bytes);
  const { ago, clock, size, count } = await import("/assets/words.js");
  return await (%EXPRESSION%);
})()`

const (
	moov = "0000000c 6d6f6f76 00000000"
	sidx = "00000038 73696478 00000000 00000001 000003e8 00000000 00000000 0000 0002 00000064 000007d0 90000000 000000c8 000003e8 90000000"
	webm = "1a45dfa3 80 18538067 01ffffffffffffff" + // EBML head, a segment of unknown size
		"1549a966 8e 2ad7b183 0f4240 4489 84 459c4000" + // a million ns a tick, 5000 ticks
		"1c53bb6b 9a bb8b b381 00 b786 f781 01 f181 38 bb8b b381 7d b786 f781 01 f181 60" // two clusters
	cluster = "1f43b675 80"
)

func TestDecoders(t *testing.T) {
	pod := startPod(t, "none.mp4")
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/"))
	tests := []struct{ name, expression, want string }{
		{
			"MP4", `ends(readMP4, hex("` + moov + sidx + `0000000c 6d6f6f66 00000000"))`,
			`{"initEnd":12,"duration":3,"segments":[{"start":68,"end":168,"time":0,"duration":2},{"start":168,"end":368,"time":2,"duration":1}]}`,
		},
		{
			"MP4 with few key frames", `ends(readMP4, hex("` + moov + strings.TrimSuffix(sidx, "90000000") + "00000000" + `0000000c 6d6f6f66 00000000"))`,
			`{"initEnd":12,"duration":3,"segments":[{"start":68,"end":368,"time":0,"duration":3}]}`,
		},
		{"MP4 without index", `ends(readMP4, hex("` + moov + `0000000c 6d6f6f66 00000000"))`, "error: The file has no index of fragments."},
		{"MP4 cut in the index", `ends(readMP4, hex("` + moov + sidx[:60] + `"))`, "error: Offset is outside the bounds of the DataView"},
		{"MP4 box of no size", `ends(readMP4, hex("00000000 6d6f6f76"))`, "error: The file has no index of fragments."},
		{"MP4 huge index", `ends(readMP4, hex("` + moov + `7fffffff 73696478"))`, "error: The index is too large."},
		{"MP4 of nothing", `ends(readMP4, [])`, "error: The file ends inside a box."},
		{
			"WebM", `ends(readWebM, hex("` + webm + cluster + `"))`,
			`{"initEnd":67,"duration":5,"segments":[{"start":67,"end":113,"time":0,"duration":0.125},{"start":113,"end":72,"time":0.125,"duration":4.875}]}`,
		},
		{"WebM without clusters", `ends(readWebM, hex("` + webm + `"))`, "error: The file ends inside an element."},
		{"WebM of nothing", `ends(readWebM, [])`, "error: The file ends inside an element."},
		{"WebM of ones", `ends(readWebM, Array(99).fill(255))`, "error: The file ends inside an element."},
		{"torrent", `text(withTrackers(new TextEncoder().encode("d8:announce3:foo4:infod4:name1:xe8:url-list3:bare"), ["ws://a/b"]))`, "d8:announce8:ws://a/b4:infod4:name1:xee"},
		{
			"torrent with two trackers", `text(withTrackers(new TextEncoder().encode("d4:infod4:name1:xee"), ["ws://a/b", "wss://c"]))`,
			"d8:announce8:ws://a/b13:announce-listll8:ws://a/bel7:wss://cee4:infod4:name1:xee",
		},
		{"torrent cut off", `ends(async () => withTrackers(new TextEncoder().encode("d4:infod4:na"), [""]), [])`, "error: The torrent file cannot be read."},
		{"torrent of lists", `ends(async () => withTrackers(new TextEncoder().encode("d1:a" + "l".repeat(99)), [""]), [])`, "error: The torrent file is cut off or too deep."},
		{"torrent with a long string", `ends(async () => withTrackers(new TextEncoder().encode("d999999999:"), [""]), [])`, "error: The torrent file cannot be read."},
		{"SHA-1 of nothing", `text(new Uint8Array(sha1(new Uint8Array(0)))) === text(new Uint8Array(await crypto.subtle.digest("SHA-1", new Uint8Array(0)))) ? "same" : "other"`, "same"},
		{
			"SHA-1 of many lengths", `(async () => { for (let n = 0; n < 200; n++) { const data = crypto.getRandomValues(new Uint8Array(n));
				if (text(new Uint8Array(sha1(data))) !== text(new Uint8Array(await crypto.subtle.digest("SHA-1", data)))) return "other at " + n; } return "same"; })()`, "same",
		},
		{
			"trackers", `JSON.stringify(trackersOf("magnet:?xt=urn:btih:00&tr=http%3A%2F%2Fa%2Fannounce&tr=ws%3A%2F%2Fa%2Fs&tr=ws%3A%2F%2Fa%2Fs&tr=javascript%3A1&tr=nonsense&tr=" +
				encodeURIComponent("ws://" + location.host + "/tracker/socket")).map((url) => url.replace(location.host, "here")))`,
			`["ws://a/s","ws://here/tracker/socket"]`,
		},
		{"no trackers", `JSON.stringify([trackersOf(""), trackersOf("magnet:?xt=urn:btih:00&tr=")])`, "[[],[]]"},
		{
			"addresses of a file", `JSON.stringify([fileURLs(["", "/a"]), fileURLs(["http://b:1/a", "/a"]), fileURLs(["/a", "/a"]), fileURLs(["file:///a", "/a"])]).replaceAll(location.origin, "here")`,
			`[["here/a"],["http://b:1/a","here/a"],["here/a"],["here/a"]]`,
		},
		{
			"origins", `[{ name: " Eve ", url: "https://eve.example/x?y#z" }, { name: "", url: "http://eve.example:9000" }, { name: "Eve", url: "javascript:alert(1)" }, { name: "", url: "" }, null]
				.map((origin) => originOf({ isLocal: false, origin, account: { host: "host" } })).map((o) => [o.name, o.url, o.host].join(" ")).join(", ")`,
			"Eve https://eve.example/ eve.example, eve.example:9000 http://eve.example:9000/ eve.example:9000, Eve  host, host  host, host  host",
		},
		{
			"words", `[ago("2026-05-01T10:00:00Z", Date.parse("2026-05-03T11:00:00Z")), ago("nonsense"), clock(3723), clock(7), size(0), size(1), size(12345678), size(2e9), count(1, "video"), count(1200, "video")].join(", ")`,
			"2 days ago, , 1:02:03, 0:07, 0 MB, 0.1 MB, 12 MB, 2.0 GB, 1 video, 1,200 videos",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got string
			page.Eval(strings.Replace(reading, "%EXPRESSION%", test.expression, 1), &got)
			if got != test.want {
				t.Errorf("%s = %s, want %s", test.expression, got, test.want)
			}
		})
	}
}
