package ui

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/peerpod/peerpod/assets"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/screen"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// Title is what the window's title begins with.
const Title = "Peerpod"

// Config is what the window needs. App and Backend must be set.
type Config struct {
	App     fyne.App
	Backend viewmodel.Backend
	Name    string // of the pod, shown in the title; may be empty
	Version string
	Logger  *slog.Logger // nil: nothing is logged
	// OnQuit is called once, off the main goroutine, when the window closes. The
	// program ends when it returns; nil ends it at once.
	OnQuit func()
	// Dispatch runs a function on the main goroutine; nil is fyne.Do.
	Dispatch func(func())
	Clock    func() time.Time // nil: time.Now
	// OpenURL opens an address with the system's program for it; nil is App.OpenURL.
	OpenURL func(*url.URL) error
}

// Window is Peerpod's window.
type Window struct {
	config Config
	model  *viewmodel.Model
	window fyne.Window
	host   *screen.Host
	shell  *shell

	closing bool // main goroutine only
	quit    sync.WaitGroup
}

// New makes the window; Run or Show shows it. The work of its view models ends with ctx.
func New(ctx context.Context, c Config) (*Window, error) {
	b := c.Backend
	if c.App == nil || b.Library == nil || b.Pictures == nil || b.Links == nil || b.Statuses == nil || b.Network == nil || b.Mirrors == nil {
		return nil, errors.New("ui: App and Backend must be set")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Dispatch == nil {
		c.Dispatch = fyne.Do
	}
	if c.OpenURL == nil {
		c.OpenURL = c.App.OpenURL
	}
	if err := loadWords(assets.Lang()); err != nil {
		return nil, err
	}
	c.App.Settings().SetTheme(theme.New())
	c.App.SetIcon(theme.Icon())
	w := &Window{config: c, window: c.App.NewWindow(titleOf(c.Name))}
	w.model = viewmodel.New(ctx, viewmodel.Config{Backend: c.Backend, Dispatch: c.Dispatch, Clock: c.Clock, Logger: c.Logger})
	w.window.SetMaster()
	w.window.SetPadded(false)
	w.window.SetIcon(theme.Icon())
	w.build()   //nolint:contextcheck // work runs under the context that the model got
	w.connect() //nolint:contextcheck // work runs under the context that the model got
	w.window.Resize(fyne.NewSize(1120, 720))
	c.Logger.Info("Window is ready", pod.LogVersion, c.Version)
	return w, nil
}

func titleOf(name string) string {
	if name == "" {
		return Title
	}
	return Title + " – " + name
}

// loadWords hands the texts of each language to the toolkit.
func loadWords(files fs.FS) error {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if err := lang.AddTranslations(fyne.NewStaticResource(name, data)); err != nil {
			return err
		}
	}
	return nil
}

// connect lets the view models paint, and starts them.
func (w *Window) connect() {
	m, s := w.model, w.shell
	m.Videos.OnChange(func(st viewmodel.VideosState) {
		s.showVideos(st)
		if v, ok := st.Items.Find(m.Editor.State().Video.ID); ok {
			m.Editor.Refresh(v)
		}
	})
	m.Imports.OnChange(func(st viewmodel.ImportsState) {
		s.imports.Show(st)
		m.ImportsChanged(st)
	})
	m.Editor.OnChange(s.details.Show)
	m.Friends.OnChange(func(st viewmodel.FriendsState) {
		s.showFriends(st)
		m.FriendsChanged(st)
	})
	m.Status.OnChange(s.status.Show)
	m.Posters.OnReady(s.posterReady)
	m.Start()
	m.Videos.Open(viewmodel.PlaceHome)
}

// Show shows the window.
func (w *Window) Show() { w.window.Show() }

// Run shows the window and returns when the program ends.
func (w *Window) Run() {
	w.window.ShowAndRun()
	w.model.Close()
	w.model.Wait()
	w.quit.Wait()
}

// Raise brings the window to the front, when Peerpod is started a second time.
func (w *Window) Raise() {
	w.config.Dispatch(func() {
		w.window.Show()
		w.window.RequestFocus()
	})
}

// OpenFiles adds files and folders that a second start handed over, and raises the window.
func (w *Window) OpenFiles(paths []string) {
	w.Raise()
	w.config.Dispatch(func() { w.add(paths) })
}

// Quit closes the window as its close button does.
func (w *Window) Quit() { w.config.Dispatch(w.close) }

func (w *Window) add(paths []string) {
	if !w.closing && len(paths) > 0 {
		w.model.Imports.Add(paths)
	}
}

func (w *Window) dropped(_ fyne.Position, items []fyne.URI) {
	paths := make([]string, 0, len(items))
	for _, item := range items {
		if item.Scheme() == "file" {
			paths = append(paths, item.Path())
		}
	}
	w.add(paths)
}

// close ends the program in order: the work of the window, the pod, the toolkit.
func (w *Window) close() {
	if w.closing {
		return
	}
	w.closing = true
	w.shell.showClosing()
	w.model.Close()
	w.quit.Go(func() {
		w.model.Wait()
		if w.config.OnQuit != nil {
			w.config.OnQuit()
		}
		w.config.Dispatch(w.config.App.Quit)
	})
}

// openURL opens an address and tells the person if that does not work.
func (w *Window) openURL(address string) {
	target, err := url.Parse(address)
	if err == nil && address != "" {
		err = w.config.OpenURL(target)
	}
	if err != nil || address == "" {
		w.config.Logger.Warn("Address was not opened", pod.LogURL, address, pod.LogErr, err)
		ShowError(w.window, &pod.Error{
			Kind: pod.KindUnavailable, Op: "open address",
			Msg: lang.L("This computer has no program for this. Copy the link and open it where you want."), Err: err,
		})
	}
}

func (w *Window) copyText(text, notice string) {
	w.config.App.Clipboard().SetContent(text)
	w.shell.notify(notice)
}
