package tracker_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod/tracker"
)

func TestPrivateCandidatesStayAtHome(t *testing.T) {
	sdp := "v=0\r\na=candidate:1 1 udp 2113937151 192.168.1.5 5000 typ host\r\n" +
		"a=candidate:2 1 udp 2113937151 1b2c.local 5000 typ host\r\n" +
		"a=candidate:3 1 udp 1677729535 9.9.9.9 5000 typ srflx raddr 0.0.0.0 rport 0\r\n" +
		"a=candidate:4 1 udp 1677729535 9.9.9.9 5000 typ srflx raddr 10.0.0.7 rport 5\r\n" +
		"a=candidate:5 1 tcp 1 fe80::1 9 typ host\r\na=end"
	home := tracker.Scrub(sdp, tracker.ReachHome, tracker.ReachWorld)
	want := "v=0\r\na=candidate:2 1 udp 2113937151 1b2c.local 5000 typ host\r\n" +
		"a=candidate:3 1 udp 1677729535 9.9.9.9 5000 typ srflx raddr 0.0.0.0 rport 0\r\na=end"
	if home != want {
		t.Errorf("Scrub(home, world) = %q, want %q", home, want)
	}
	if got := tracker.Scrub(sdp, tracker.ReachHome, tracker.ReachMachine); got != sdp {
		t.Errorf("Scrub(home, machine) = %q, want no change", got)
	}
	if got := tracker.Scrub(sdp, tracker.ReachWorld, tracker.ReachWorld); got != sdp {
		t.Errorf("Scrub(world, world) = %q, want no change", got)
	}
}

func TestBinaryTexts(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	data, err := json.Marshal(binary(every))
	var text string
	if err = errors.Join(err, json.Unmarshal(data, &text)); err != nil {
		t.Fatal(err)
	}
	if got := tracker.Decode(text); string(got) != string(every) {
		t.Errorf("Decode(Encode(all bytes)) = %q, want all bytes", got)
	}
	if got := tracker.Decode("aĀ"); got != nil {
		t.Errorf("Decode(U+0100) = %q, want nil", got)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	for _, m := range []object{announce('a', 3), answer('a', 'b', offerID('a', 1), "x"), {"action": "scrape", "info_hash": []string{"a"}}} {
		data, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(websocket.TextMessage, data)
	}
	f.Add(websocket.BinaryMessage, []byte("{}"))
	f.Add(websocket.TextMessage, []byte(`{"info_hash":["\u00ff",null],"left":null,"offers":[null]}`))
	f.Fuzz(func(t *testing.T, kind int, data []byte) {
		switch code := tracker.DecodeRequest(kind, data); code {
		case 0, websocket.CloseInvalidFramePayloadData, websocket.ClosePolicyViolation:
		default:
			t.Errorf("DecodeRequest(%d, %q) = code %d, want 0, 1007 or 1008", kind, data, code)
		}
	})
}

func FuzzBinaryTexts(f *testing.F) {
	f.Add([]byte{0, 0x7f, 0x80, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := tracker.Decode(tracker.Encode(data)); string(got) != string(data) {
			t.Errorf("Decode(Encode(%q)) = %q, want the same", data, got)
		}
	})
}
