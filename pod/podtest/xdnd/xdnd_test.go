package xdnd_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"github.com/peerpod/peerpod/pod/podtest/xdnd"
)

// startDisplay starts an X server on a free display.
func startDisplay(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Skip("Xvfb is not installed")
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = read.Close() }) // earlier, the server's next write would end it
	server := exec.Command(path, "-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset")
	server.ExtraFiles = append(server.ExtraFiles, write)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	number := make([]byte, 16)
	n, err := read.Read(number)
	if err != nil {
		t.Fatalf("Xvfb named no display: %v", err)
	}
	return ":" + strings.TrimSpace(string(number[:n]))
}

// target is a window that takes, or refuses, what is dropped on it.
type target struct {
	conn   *xgb.Conn
	window xproto.Window
	got    chan string
}

func openTarget(t *testing.T, display, title string, accept bool) *target {
	t.Helper()
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	screen := xproto.Setup(conn).DefaultScreen(conn)
	window, _ := xproto.NewWindowId(conn)
	check(t, xproto.CreateWindowChecked(conn, screen.RootDepth, window, screen.Root, 10, 20, 200, 100, 0,
		xproto.WindowClassInputOutput, screen.RootVisual, xproto.CwBackPixel, []uint32{0x336699}).Check())
	atom := func(name string) xproto.Atom {
		reply, err := xproto.InternAtom(conn, false, uint16(len(name)), name).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return reply.Atom
	}
	check(t, xproto.ChangePropertyChecked(conn, xproto.PropModeReplace, window, atom("WM_NAME"), xproto.AtomString, 8, uint32(len(title)), []byte(title)).Check())
	check(t, xproto.ChangePropertyChecked(conn, xproto.PropModeReplace, window, atom("XdndAware"), xproto.AtomAtom, 32, 1, []byte{5, 0, 0, 0}).Check())
	check(t, xproto.MapWindowChecked(conn, window).Check())
	r := &target{conn: conn, window: window, got: make(chan string, 1)}
	go r.serve(atom, accept)
	return r
}

func (r *target) serve(atom func(string) xproto.Atom, accept bool) {
	yes := uint32(0)
	if accept {
		yes = 1
	}
	names := map[xproto.Atom]string{}
	for _, name := range []string{"XdndPosition", "XdndDrop"} {
		names[atom(name)] = name
	}
	status, finished, selection, list := atom("XdndStatus"), atom("XdndFinished"), atom("XdndSelection"), atom("text/uri-list")
	source := xproto.Window(0)
	send := func(kind xproto.Atom) {
		e := xproto.ClientMessageEvent{Format: 32, Window: source, Type: kind, Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(r.window), yes, 0, 0, 0})}
		xproto.SendEvent(r.conn, false, source, 0, string(e.Bytes()))
	}
	for {
		event, err := r.conn.WaitForEvent()
		if event == nil && err == nil {
			return
		}
		switch e := event.(type) {
		case xproto.ClientMessageEvent:
			source = xproto.Window(e.Data.Data32[0])
			switch names[e.Type] {
			case "XdndPosition":
				send(status)
			case "XdndDrop":
				xproto.ConvertSelection(r.conn, r.window, selection, list, selection, 0)
			}
		case xproto.SelectionNotifyEvent:
			if reply, err := xproto.GetProperty(r.conn, true, r.window, e.Property, xproto.GetPropertyTypeAny, 0, 1024).Reply(); err == nil {
				r.got <- string(reply.Value)
			}
			send(finished)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDrop(t *testing.T) {
	display := startDisplay(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	desk, err := xdnd.Open(display)
	check(t, err)
	defer desk.Close()

	taker := openTarget(t, display, "Taker – one", true)
	window, err := desk.Window(ctx, "Taker")
	check(t, err)
	if window != taker.window {
		t.Fatalf("Window(Taker) = %v, want %v", window, taker.window)
	}
	check(t, desk.Drop(ctx, window, []string{"/a/My film.mp4", "/b/c.webm"}))
	if got, want := <-taker.got, "file:///a/My%20film.mp4\r\nfile:///b/c.webm\r\n"; got != want {
		t.Errorf("Drop gave %q, want %q", got, want)
	}

	picture, err := desk.Picture(window)
	check(t, err)
	r, g, b, _ := picture.At(100, 50).RGBA()
	if got, want := [3]uint32{r >> 8, g >> 8, b >> 8}, [3]uint32{0x33, 0x66, 0x99}; got != want {
		t.Errorf("Picture's colour = %x, want %x", got, want)
	}
}

func TestDropRefused(t *testing.T) {
	display := startDisplay(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	desk, err := xdnd.Open(display)
	check(t, err)
	defer desk.Close()
	openTarget(t, display, "Refuser", false)
	window, err := desk.Window(ctx, "Refuser")
	check(t, err)
	if err := desk.Drop(ctx, window, []string{"/a"}); err == nil {
		t.Error("Drop on a window that refuses = nil, want an error")
	}
}

func TestNoWindow(t *testing.T) {
	display := startDisplay(t)
	desk, err := xdnd.Open(display)
	check(t, err)
	defer desk.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := desk.Window(ctx, "Nobody"); err == nil {
		t.Error("Window(Nobody) = nil error, want one")
	}
}

func TestNoDisplay(t *testing.T) {
	if desk, err := xdnd.Open(":64999"); err == nil {
		desk.Close()
		t.Error("Open of a display that is not there = nil error, want one")
	}
}
