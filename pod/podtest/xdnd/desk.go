package xdnd

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// lookInterval is how often the screen is searched for a window.
const lookInterval = 50 * time.Millisecond

// Window is a window of the X server.
type Window = xproto.Window

// Desk is a connection to an X server.
type Desk struct {
	conn   *xgb.Conn
	root   Window
	own    Window // the source of drags; never shown
	atoms  map[string]xproto.Atom
	events chan xgb.Event
}

// Open connects to an X server, for example ":77".
func Open(display string) (*Desk, error) {
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, fmt.Errorf("connect to display %s: %w", display, err)
	}
	screen := xproto.Setup(conn).DefaultScreen(conn)
	d := &Desk{conn: conn, root: screen.Root, atoms: map[string]xproto.Atom{}, events: make(chan xgb.Event, 64)}
	if err := d.prepare(screen); err != nil {
		conn.Close()
		return nil, err
	}
	go d.read() // ends when Close ends the connection
	return d, nil
}

func (d *Desk) prepare(screen *xproto.ScreenInfo) error {
	for _, name := range atomNames() {
		reply, err := xproto.InternAtom(d.conn, false, uint16(len(name)), name).Reply()
		if err != nil {
			return fmt.Errorf("intern %s: %w", name, err)
		}
		d.atoms[name] = reply.Atom
	}
	own, err := xproto.NewWindowId(d.conn)
	if err != nil {
		return fmt.Errorf("make window: %w", err)
	}
	d.own = own
	return xproto.CreateWindowChecked(d.conn, screen.RootDepth, own, d.root, 0, 0, 1, 1, 0,
		xproto.WindowClassInputOutput, screen.RootVisual, 0, nil).Check()
}

func (d *Desk) read() {
	defer close(d.events)
	for {
		event, err := d.conn.WaitForEvent()
		switch {
		case event == nil && err == nil:
			return
		case event != nil:
			select {
			case d.events <- event:
			default: // nobody drags: the event means nothing
			}
		}
	}
}

// Close ends the connection.
func (d *Desk) Close() { d.conn.Close() }

// Window waits for a window on the screen whose title begins with the text.
func (d *Desk) Window(ctx context.Context, title string) (Window, error) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		if w, ok := d.find(d.root, title); ok {
			return w, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("no window named %q: %w", title, ctx.Err())
		case <-tick.C:
		}
	}
}

func (d *Desk) find(below Window, title string) (Window, bool) {
	tree, err := xproto.QueryTree(d.conn, below).Reply()
	if err != nil {
		return 0, false // the window went meanwhile
	}
	for _, child := range tree.Children {
		if strings.HasPrefix(d.title(child), title) && d.shown(child) && d.takesDrops(child) {
			return child, true
		}
		if found, ok := d.find(child, title); ok {
			return found, true
		}
	}
	return 0, false
}

func (d *Desk) title(w Window) string {
	for _, name := range []string{"_NET_WM_NAME", "WM_NAME"} {
		if text := d.property(w, name); len(text) > 0 {
			return string(text)
		}
	}
	return ""
}

func (d *Desk) takesDrops(w Window) bool { return len(d.property(w, "XdndAware")) > 0 }

func (d *Desk) property(w Window, name string) []byte {
	reply, err := xproto.GetProperty(d.conn, false, w, d.atoms[name], xproto.GetPropertyTypeAny, 0, 256).Reply()
	if err != nil {
		return nil
	}
	return reply.Value
}

func (d *Desk) shown(w Window) bool {
	reply, err := xproto.GetWindowAttributes(d.conn, w).Reply()
	return err == nil && reply.MapState == xproto.MapStateViewable
}

// Picture takes a picture of what the screen shows of a window.
func (d *Desk) Picture(w Window) (image.Image, error) {
	size, err := xproto.GetGeometry(d.conn, xproto.Drawable(w)).Reply()
	if err != nil {
		return nil, fmt.Errorf("window's size: %w", err)
	}
	reply, err := xproto.GetImage(d.conn, xproto.ImageFormatZPixmap, xproto.Drawable(w), 0, 0, size.Width, size.Height, ^uint32(0)).Reply()
	if err != nil {
		return nil, fmt.Errorf("window's picture: %w", err)
	}
	width, height := int(size.Width), int(size.Height)
	if len(reply.Data) < 4*width*height {
		return nil, errors.New("the display does not use 32 bits a pixel")
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		p := reply.Data[4*i:]
		picture.SetRGBA(i%width, i/width, color.RGBA{R: p[2], G: p[1], B: p[0], A: 0xff})
	}
	return picture, nil
}
