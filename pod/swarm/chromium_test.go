package swarm_test

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/peerpod/peerpod/pod"
)

// page opens a data channel by one offer, sends what the fragment says (hexadecimal) and
// leaves the first 68 bytes that come back in document.title.
const page = `<!doctype html><script type="module">
const pc = new RTCPeerConnection({iceServers: []});
const dc = pc.createDataChannel("x");
dc.binaryType = "arraybuffer";
const hex = location.hash.slice(1);
const hello = Uint8Array.from(hex.match(/../g), h => parseInt(h, 16));
let got = "";
dc.onopen = () => dc.send(hello);
dc.onmessage = e => {
  got += Array.from(new Uint8Array(e.data), b => b.toString(16).padStart(2, "0")).join("");
  if (got.length >= 136) document.title = got.slice(0, 136);
};
await pc.setLocalDescription(await pc.createOffer());
await new Promise(done => {
  pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && done();
  setTimeout(done, 3000);
});
const answer = await fetch("/offer", {method: "POST", body: pc.localDescription.sdp});
await pc.setRemoteDescription({type: "answer", sdp: await answer.text()});
</script>`

// TestChromium shows that a real browser, which hides its addresses, reaches a swarm.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files)
	offers := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/offer" {
			_, _ = io.WriteString(w, page)
			return
		}
		sdp, _ := io.ReadAll(r.Body)
		offers <- string(sdp)
		answer, err := s.Answer(r.Context(), pod.Offer{Infohash: file.Infohash, SDP: string(sdp)})
		if err != nil {
			t.Errorf("Answer() = %v, want nil", err)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer srv.Close()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	tabCtx, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	ctx, cancel := context.WithTimeout(tabCtx, 60*time.Second)
	defer cancel()
	begun := time.Now()
	url := srv.URL + "/#" + hex.EncodeToString(handshake(file.Infohash))
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	title, err := chromedp.Run(ctx, chromedp.Poll[string](`document.title.length === 136 && document.title`))
	if err != nil {
		t.Fatalf("no handshake came back: %v", err)
	}
	id := s.PeerID()
	got, err := hex.DecodeString(title)
	if err != nil || string(got[28:48]) != string(file.Infohash[:]) || string(got[48:]) != string(id[:]) {
		t.Errorf("handshake = %q, want our infohash and peer id", got)
	}
	sdp := <-offers
	t.Logf("took %v with the browser's start; addresses hidden: %v", time.Since(begun), strings.Contains(sdp, ".local"))
}
