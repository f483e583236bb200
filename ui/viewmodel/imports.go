package viewmodel

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Phase says where an import stands.
type Phase int

// The phases of an import.
const (
	PhaseWaiting  Phase = iota // in the queue
	PhaseRunning               // see ImportRow.Progress
	PhaseStopping              // cancelled, not ended yet
	PhaseDone                  // see ImportRow.Video
	PhaseRefused               // see ImportRow.Reason
)

// ImportRow is one file on its way into the library.
type ImportRow struct {
	ID       int
	Path     string
	Title    string
	Phase    Phase
	Progress Progress
	Fraction float64       // of the whole import that is done, 0 to 1
	BPS      float64       // bytes per second of the stage; 0: not known yet
	Left     time.Duration // until the stage ends; 0: not known
	Reason   Failure       // why it was refused
	Video    pod.Video     // once done
}

// Open tells that the row still waits or works.
func (r ImportRow) Open() bool { return r.Phase < PhaseDone }

// ImportsState is what the panel of imports shows: the rows in the order of their drop.
type ImportsState struct {
	Rows []ImportRow
}

// Counts sums the rows up.
func (s ImportsState) Counts() (open, done, refused int) {
	for _, r := range s.Rows {
		switch {
		case r.Open():
			open++
		case r.Phase == PhaseDone:
			done++
		default:
			refused++
		}
	}
	return open, done, refused
}

// Imports is the queue of dropped and chosen files. One file is imported at a time:
// both the disk and the cores are busy with one already.
type Imports struct {
	work     *worker
	library  Library
	logger   *slog.Logger
	clock    func() time.Time
	changed  func() // the library is another now
	onChange func(ImportsState)

	state   ImportsState
	lastID  int
	current int // row under way; 0 is none
	stop    context.CancelFunc
	speed   speedometer
	origin  float64 // where the whole begins: not every import has all stages; -1: not known yet
	notices merger

	mu     sync.Mutex // guards latest
	latest Progress
}

func newImports(work *worker, c Config, changed func()) *Imports {
	m := &Imports{
		work: work, library: c.Backend.Library, logger: c.Logger, clock: c.Clock,
		changed: changed, onChange: func(ImportsState) {},
	}
	m.notices.fire = func() { m.work.apply(m.showProgress) }
	return m
}

// OnChange names the function that hears of each new state.
func (m *Imports) OnChange(f func(ImportsState)) { m.onChange = f }

// State is what the panel shows now.
func (m *Imports) State() ImportsState { return m.state }

// Add puts files, and the files in folders, into the queue.
func (m *Imports) Add(paths []string) {
	paths = slices.Clone(paths)
	m.work.run(m.work.ctx, func(ctx context.Context) func() {
		files := filesBehind(ctx, paths)
		return func() { m.queue(files) } //nolint:contextcheck // work runs under the root context of its worker
	})
}

func (m *Imports) queue(files []found) {
	rows := slices.Clone(m.state.Rows)
	for _, f := range files {
		if f.refused == nil && slices.ContainsFunc(rows, func(r ImportRow) bool { return r.Path == f.path && r.Open() }) {
			continue
		}
		m.lastID++
		row := ImportRow{ID: m.lastID, Path: f.path, Title: pod.NameFromFile(f.path)}
		if f.refused != nil {
			row.Phase, row.Reason = PhaseRefused, FailureOf(f.refused)
		}
		rows = append(rows, row)
	}
	m.set(rows)
	m.next()
}

// Cancel takes a row out of the queue, or ends its import; what was copied is removed.
func (m *Imports) Cancel(id int) {
	if id == m.current {
		m.change(id, func(r *ImportRow) { r.Phase = PhaseStopping })
		m.stop()
		return
	}
	m.set(slices.DeleteFunc(slices.Clone(m.state.Rows), func(r ImportRow) bool { return r.ID == id && r.Phase == PhaseWaiting }))
}

// Retry puts a refused row back into the queue.
func (m *Imports) Retry(id int) {
	m.change(id, func(r *ImportRow) {
		if r.Phase == PhaseRefused {
			*r = ImportRow{ID: r.ID, Path: r.Path, Title: r.Title}
		}
	})
	m.next()
}

// Dismiss takes a done or refused row off the panel.
func (m *Imports) Dismiss(id int) {
	m.set(slices.DeleteFunc(slices.Clone(m.state.Rows), func(r ImportRow) bool { return r.ID == id && !r.Open() }))
}

// DismissAll takes all done and refused rows off the panel.
func (m *Imports) DismissAll() {
	m.set(slices.DeleteFunc(slices.Clone(m.state.Rows), func(r ImportRow) bool { return !r.Open() }))
}

// next starts the first waiting row, if none is under way.
func (m *Imports) next() {
	at := slices.IndexFunc(m.state.Rows, func(r ImportRow) bool { return r.Phase == PhaseWaiting })
	if m.current != 0 || at < 0 {
		return
	}
	row := m.state.Rows[at]
	ctx, stop := context.WithCancel(m.work.ctx)
	m.current, m.stop, m.speed, m.origin = row.ID, stop, speedometer{}, -1
	m.report(Progress{})
	m.change(row.ID, func(r *ImportRow) { r.Phase = PhaseRunning })
	m.work.run(ctx, func(ctx context.Context) func() {
		video, err := m.library.Import(ctx, row.Path, func(p Progress) {
			m.report(p)
			m.notices.trigger()
		})
		cancelled := ctx.Err() != nil
		stop()
		return func() { m.finish(row.ID, video, err, cancelled) } //nolint:contextcheck // work runs under the root context of its worker
	})
}

func (m *Imports) finish(id int, video pod.Video, err error, cancelled bool) {
	m.current, m.stop = 0, nil
	switch {
	case err == nil:
		m.change(id, func(r *ImportRow) { r.Phase, r.Video, r.Title = PhaseDone, video, video.Name })
		m.changed()
	case cancelled || errors.Is(err, pod.ErrCancelled):
		m.set(slices.DeleteFunc(slices.Clone(m.state.Rows), func(r ImportRow) bool { return r.ID == id }))
	default:
		m.logger.Info("File was refused", pod.LogErr, err)
		m.change(id, func(r *ImportRow) { r.Phase, r.Reason = PhaseRefused, FailureOf(err) })
	}
	m.next()
}

// report keeps the latest progress for showProgress. Any goroutine may call it.
func (m *Imports) report(p Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latest = p
}

func (m *Imports) showProgress() {
	m.mu.Lock()
	p := m.latest
	m.mu.Unlock()
	if m.current == 0 {
		return
	}
	m.speed.see(p, m.clock())
	if m.origin < 0 {
		m.origin = Progress{Stage: p.Stage}.Fraction()
	}
	m.change(m.current, func(r *ImportRow) {
		r.Progress, r.BPS, r.Left = p, m.speed.bps, m.speed.left(p)
		r.Fraction = (p.Fraction() - m.origin) / (1 - m.origin)
	})
}

func (m *Imports) change(id int, f func(*ImportRow)) {
	rows := slices.Clone(m.state.Rows)
	for i := range rows {
		if rows[i].ID == id {
			f(&rows[i])
		}
	}
	m.set(rows)
}

func (m *Imports) set(rows []ImportRow) {
	m.state = ImportsState{Rows: rows}
	m.onChange(m.state)
}

// speedometer tells how fast a stage goes, smoothed so that the time left does not jump.
type speedometer struct {
	bps   float64
	stage Stage
	done  int64
	at    time.Time
}

func (s *speedometer) see(p Progress, now time.Time) {
	elapsed := now.Sub(s.at).Seconds()
	if s.at.IsZero() || p.Stage != s.stage || p.DoneBytes < s.done {
		*s = speedometer{stage: p.Stage, done: p.DoneBytes, at: now}
		return
	}
	if elapsed <= 0 {
		return
	}
	measured := float64(p.DoneBytes-s.done) / elapsed
	if s.bps == 0 {
		s.bps = measured
	} else {
		s.bps = 0.7*s.bps + 0.3*measured
	}
	s.done, s.at = p.DoneBytes, now
}

func (s *speedometer) left(p Progress) time.Duration {
	if s.bps < 1 || p.TotalBytes <= p.DoneBytes {
		return 0
	}
	return time.Duration(float64(p.TotalBytes-p.DoneBytes) / s.bps * float64(time.Second))
}
