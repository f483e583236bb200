package viewmodel

import (
	"context"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// EditForm is what a person can change about a video, as it was typed.
type EditForm struct {
	Title       string
	Description string
	Tags        string // separated by commas
}

// FormOf fills the form with what the video has.
func FormOf(v pod.Video) EditForm {
	return EditForm{Title: v.Name, Description: v.Description, Tags: strings.Join(v.Tags, ", ")}
}

// Apply writes the form into what is said about a video.
func (f EditForm) Apply(m *pod.VideoMeta) {
	m.Name = strings.TrimSpace(f.Title)
	m.Description = strings.TrimSpace(f.Description)
	m.Tags = nil
	for tag := range strings.SplitSeq(f.Tags, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			m.Tags = append(m.Tags, tag)
		}
	}
}

// EditorState is what the details page shows of its video.
type EditorState struct {
	Video   pod.Video // the zero Video: none is open
	Busy    bool      // a change is under way
	Saved   int       // counts the changes that came through
	Gone    bool      // the video was deleted
	Failure Failure   // of the last change
	Kept    pod.MirrorState
}

// Editor changes one video: the one whose details are open. Friends' videos are not
// edited, but kept and let go.
type Editor struct {
	work     *worker
	library  Library
	mirrors  Mirrors
	changed  func() // the library is another now
	onChange func(EditorState)
	state    EditorState
}

func newEditor(work *worker, b Backend, changed func()) *Editor {
	return &Editor{work: work, library: b.Library, mirrors: b.Mirrors, changed: changed, onChange: func(EditorState) {}}
}

// OnChange names the function that hears of each new state.
func (e *Editor) OnChange(f func(EditorState)) { e.onChange = f }

// State is what the details page shows now.
func (e *Editor) State() EditorState { return e.state }

// Open takes a video up.
func (e *Editor) Open(v pod.Video) { e.set(EditorState{Video: v, Kept: e.KeptOf(v)}) }

// Refresh takes newer data of the open video, after a change elsewhere.
func (e *Editor) Refresh(v pod.Video) {
	if e.state.Video.ID == v.ID && v.Rev > e.state.Video.Rev && !e.state.Gone {
		s := e.state
		s.Video = v
		e.set(s)
	}
}

// Check tells what is wrong with a form, before it is saved.
func (e *Editor) Check(f EditForm) Failure {
	meta := e.state.Video.VideoMeta
	f.Apply(&meta)
	return FailureOf(meta.Validate())
}

// Save writes the form; Saved or Failure tell how it went.
func (e *Editor) Save(f EditForm) {
	if wrong := e.Check(f); wrong.Failed {
		s := e.state
		s.Failure = wrong
		e.set(s)
		return
	}
	e.begin(func(ctx context.Context, id pod.VideoID) func(*EditorState) {
		v, err := e.library.Edit(ctx, id, func(m *pod.VideoMeta) error {
			f.Apply(m)
			return nil
		})
		return func(s *EditorState) {
			if s.Failure = FailureOf(err); err == nil {
				s.Video, s.Saved = v, s.Saved+1
			}
		}
	})
}

// Delete removes the open video; Gone or Failure tell how it went.
func (e *Editor) Delete() {
	e.begin(func(ctx context.Context, id pod.VideoID) func(*EditorState) {
		err := e.library.Delete(ctx, id)
		return func(s *EditorState) { s.Failure, s.Gone = FailureOf(err), err == nil }
	})
}

// Keep has a copy of the open video of a friend made; Kept tells how far it is.
func (e *Editor) Keep() { e.mirror(e.mirrors.KeepVideo) }

// LetGo gives the copy up.
func (e *Editor) LetGo() { e.mirror(e.mirrors.LetGoVideo) }

func (e *Editor) mirror(do func(context.Context, pod.VideoID) error) {
	if e.state.Video.IsLocal() {
		return
	}
	e.begin(func(ctx context.Context, id pod.VideoID) func(*EditorState) {
		err := do(ctx, id)
		return func(s *EditorState) { s.Failure, s.Kept = FailureOf(err), e.KeptOf(s.Video) }
	})
}

// KeptOf tells whether and how far a friend's video is copied to this pod.
func (e *Editor) KeptOf(v pod.Video) pod.MirrorState {
	if v.IsLocal() {
		return pod.MirrorState{}
	}
	return e.mirrors.KeptState(v)
}

// look asks again how far the copy is: copying goes on without a notice.
func (e *Editor) look() {
	if s := e.state; s.Video.ID != 0 && !s.Busy && !s.Gone {
		if s.Kept = e.KeptOf(s.Video); s.Kept != e.state.Kept {
			e.set(s)
		}
	}
}

// begin runs one change of the open video. Its result is shown only while that video is
// still open.
func (e *Editor) begin(change func(context.Context, pod.VideoID) func(*EditorState)) {
	if e.state.Busy || e.state.Gone || e.state.Video.ID == 0 {
		return
	}
	s, id := e.state, e.state.Video.ID
	s.Busy, s.Failure = true, Failure{}
	e.set(s)
	e.work.run(e.work.ctx, func(ctx context.Context) func() {
		apply := change(ctx, id)
		e.changed()
		return func() {
			if e.state.Video.ID == id {
				s := e.state
				s.Busy = false
				apply(&s)
				e.set(s)
			}
		}
	})
}

func (e *Editor) set(s EditorState) {
	e.state = s
	e.onChange(s)
}
