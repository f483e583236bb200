package xdnd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jezek/xgb/xproto"
)

// version of the protocol that is spoken.
const version = 5

func atomNames() []string {
	return []string{
		"XdndAware", "XdndSelection", "XdndEnter", "XdndPosition", "XdndStatus", "XdndLeave", "XdndDrop", "XdndFinished",
		"XdndActionCopy", "text/uri-list", "_NET_WM_NAME", "WM_NAME",
	}
}

// ErrRefused means that the window did not want the files.
var ErrRefused = errors.New("the window refused the drop")

// Drop drags files onto the centre of a window, drops them, and waits until the window has
// taken them.
func (d *Desk) Drop(ctx context.Context, w Window, paths []string) error {
	selection := d.atoms["XdndSelection"]
	if err := xproto.SetSelectionOwnerChecked(d.conn, d.own, selection, xproto.TimeCurrentTime).Check(); err != nil {
		return fmt.Errorf("own the selection: %w", err)
	}
	x, y, err := d.centre(w)
	if err != nil {
		return err
	}
	list := d.atoms["text/uri-list"]
	if err := d.tell(w, "XdndEnter", version<<24, uint32(list), 0, 0); err != nil {
		return err
	}
	if err := d.tell(w, "XdndPosition", 0, uint32(x)<<16|uint32(y), xproto.TimeCurrentTime, uint32(d.atoms["XdndActionCopy"])); err != nil {
		return err
	}
	return d.converse(ctx, w, uriList(paths))
}

// converse answers the window until it has finished.
func (d *Desk) converse(ctx context.Context, w Window, data []byte) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("drop: %w", ctx.Err())
		case event, ok := <-d.events:
			if !ok {
				return errors.New("drop: the display went away")
			}
			done, err := d.answer(w, event, data)
			if done || err != nil {
				return err
			}
		}
	}
}

func (d *Desk) answer(w Window, event any, data []byte) (done bool, err error) {
	switch e := event.(type) {
	case xproto.SelectionRequestEvent:
		return false, d.handOver(e, data)
	case xproto.ClientMessageEvent:
		words := e.Data.Data32
		switch e.Type {
		case d.atoms["XdndStatus"]:
			if words[1]&1 == 0 {
				return true, errors.Join(ErrRefused, d.tell(w, "XdndLeave", 0, 0, 0, 0))
			}
			return false, d.tell(w, "XdndDrop", 0, xproto.TimeCurrentTime, 0, 0)
		case d.atoms["XdndFinished"]:
			// The protocol means bit 0; GLFW writes how many bytes it got.
			if words[1] == 0 {
				return true, ErrRefused
			}
			return true, nil
		}
	}
	return false, nil
}

// handOver writes the list of files where the window asked for it.
func (d *Desk) handOver(e xproto.SelectionRequestEvent, data []byte) error {
	err := xproto.ChangePropertyChecked(d.conn, xproto.PropModeReplace, e.Requestor, e.Property, e.Target, 8, uint32(len(data)), data).Check()
	if err != nil {
		return fmt.Errorf("hand over the list: %w", err)
	}
	notice := xproto.SelectionNotifyEvent{
		Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property,
	}
	return xproto.SendEventChecked(d.conn, false, e.Requestor, 0, string(notice.Bytes())).Check()
}

func (d *Desk) centre(w Window) (x, y int, err error) {
	size, err := xproto.GetGeometry(d.conn, xproto.Drawable(w)).Reply()
	if err != nil {
		return 0, 0, fmt.Errorf("window's size: %w", err)
	}
	at, err := xproto.TranslateCoordinates(d.conn, w, d.root, int16(size.Width/2), int16(size.Height/2)).Reply()
	if err != nil {
		return 0, 0, fmt.Errorf("window's place: %w", err)
	}
	return int(at.DstX), int(at.DstY), nil
}

// tell sends one message of the protocol; its first word always is the source.
func (d *Desk) tell(w Window, message string, words ...uint32) error {
	event := xproto.ClientMessageEvent{
		Format: 32, Window: w, Type: d.atoms[message],
		Data: xproto.ClientMessageDataUnionData32New(append([]uint32{uint32(d.own)}, words...)),
	}
	if err := xproto.SendEventChecked(d.conn, false, w, 0, string(event.Bytes())).Check(); err != nil {
		return fmt.Errorf("send %s: %w", message, err)
	}
	return nil
}

// uriList writes paths as RFC 2483 has it.
func uriList(paths []string) []byte {
	var list strings.Builder
	for _, path := range paths {
		list.WriteString((&url.URL{Scheme: "file", Path: path}).String() + "\r\n")
	}
	return []byte(list.String())
}
