package viewmodel

import (
	"context"
	"log/slog"
	"time"
)

// Config is what the view models need. Backend and Dispatch must be set.
type Config struct {
	Backend Backend
	// Dispatch runs a function on the main goroutine, later or at once, and keeps order.
	Dispatch func(func())
	Clock    func() time.Time // nil: time.Now
	Logger   *slog.Logger     // nil: nothing is logged
}

// Model holds the view models of one window.
type Model struct {
	Videos  *Videos
	Imports *Imports
	Editor  *Editor
	Posters *Posters
	Status  *Status
	Friends *Friends
	Links   Links
	Clock   func() time.Time

	work        *worker
	events      Events
	changes     merger
	unsubscribe func()
}

// New makes the view models; nothing is asked before Start.
func New(ctx context.Context, c Config) *Model {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	work := newWorker(ctx, c.Dispatch)
	m := &Model{
		Videos:  newVideos(work, c.Backend.Library),
		Posters: newPosters(work, c.Backend.Pictures),
		Status:  newStatus(work, c.Backend),
		Links:   c.Backend.Links,
		Clock:   c.Clock,
		work:    work, events: c.Backend.Events, unsubscribe: func() {},
	}
	m.Imports = newImports(work, c, m.changes.trigger)
	m.Editor = newEditor(work, c.Backend, m.changes.trigger)
	m.Friends = newFriends(work, c, m.changes.trigger)
	m.Status.onLook = func() {
		m.Friends.look()
		m.Editor.look()
	}
	m.changes.fire = func() { work.apply(m.reload) }
	return m
}

// Start listens to changes of the pod, and asks for the friends and the status from now on.
func (m *Model) Start() {
	if m.events != nil {
		m.unsubscribe = m.events.Subscribe(m.changes.trigger)
	}
	m.Friends.Reload()
	m.Status.start()
}

// reload asks again for all that is shown, after a change somewhere.
func (m *Model) reload() {
	m.Videos.Reload()
	m.Friends.Reload()
	m.Editor.look()
}

// ImportsChanged tells the status line how many imports are open; the window calls it
// with each new state of Imports.
func (m *Model) ImportsChanged(s ImportsState) {
	open, _, _ := s.Counts()
	m.Status.update(func(st *StatusState) { st.Imports = open })
}

// FriendsChanged tells the status line how many friends there are; the window calls it with
// each new state of Friends.
func (m *Model) FriendsChanged(s FriendsState) {
	m.Status.update(func(st *StatusState) { st.Friends, st.Online = s.Standing, s.Online })
}

// Close cancels all work and drops what still comes back. It may be called twice.
func (m *Model) Close() {
	m.unsubscribe()
	m.unsubscribe = func() {}
	m.changes.stop()
	m.Imports.notices.stop()
	m.Videos.stopTyping()
	m.work.cancel()
}

// Wait returns when all goroutines have ended. Unlike the other methods it waits, so it is
// called off the main goroutine, after Close.
func (m *Model) Wait() { m.work.running.Wait() }
