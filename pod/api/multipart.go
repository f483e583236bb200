package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of a multipart body beside its files.
const (
	maxParts     = 100
	maxTextBytes = 256 << 10 // of all text fields
	maxOverhead  = 1 << 20   // of the whole body over its files
)

// multipartBody reads a multipart form part by part: fields into the fields, pictures
// into memory, the video to whoever takes it.
type multipartBody struct {
	reader *multipart.Reader
	limits pod.Limits
	fields *fields
	// video takes the part named videofile; nil: there must be none.
	video func(part *multipart.Part) error

	parts, textBytes    int
	sawVideo            bool
	thumbnail, fallback []byte // thumbnailfile, and previewfile of older clients
}

// boundaryOf checks that the request is a multipart form.
func boundaryOf(r *http.Request) (string, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return "", &pod.Error{Kind: pod.KindUnsupported, Op: "read form", Msg: "This address reads forms with files only: send it as multipart/form-data."}
	}
	if params["boundary"] == "" || len(params["boundary"]) > 200 {
		return "", &pod.Error{Kind: pod.KindInvalid, Code: "invalid_form", Op: "read form", Msg: "The Content-Type has no usable boundary."}
	}
	return params["boundary"], nil
}

// steadyBody limits a body in size, and in time between two bytes: its sender must keep
// it moving.
func (a *API) steadyBody(w http.ResponseWriter, r *http.Request, limit int64) io.Reader {
	r.Header.Del("Expect") // the first read tells the sender to go on: linger must know
	return &steadyReader{
		r: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w),
		stall: a.cfg.Limits.UploadStallTimeout,
	}
}

type steadyReader struct {
	r       io.Reader
	control *http.ResponseController
	stall   time.Duration
	renewed time.Time
}

func (s *steadyReader) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(s.renewed) > s.stall/10 {
		_ = s.control.SetReadDeadline(now.Add(s.stall)) // not every writer has deadlines
		s.renewed = now
	}
	n, err := s.r.Read(p)
	if errors.Is(err, io.EOF) {
		// The time limit must not outlive the body: it would end the request itself.
		_ = s.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// drain reads what follows a form, so that the connection's end is seen and the next
// request can use it.
func drain(w http.ResponseWriter, body io.Reader) {
	if _, err := io.CopyN(io.Discard, body, maxOverhead); errors.Is(err, io.EOF) {
		w.Header().Del("Connection")
	}
}

// read goes through all parts. Its errors are for the client, except those that the video
// function returns as they are.
func (m *multipartBody) read() error {
	for {
		part, err := m.reader.NextRawPart()
		if err == io.EOF { // a wrapped io.EOF is a form that was cut off
			return nil
		}
		if err != nil {
			return formFault(err)
		}
		if m.parts++; m.parts > maxParts {
			return &pod.Error{Kind: pod.KindInvalid, Code: "invalid_form", Op: "read form", Msg: fmt.Sprintf("The form has more than %d fields.", maxParts)}
		}
		if err := m.part(part); err != nil {
			return err
		}
	}
}

func (m *multipartBody) part(part *multipart.Part) error {
	name := part.FormName()
	switch name {
	case "":
		return &pod.Error{Kind: pod.KindInvalid, Code: "invalid_form", Op: "read form", Msg: "A part of the form has no name."}
	case "videofile":
		if m.video == nil {
			return invalid(name, "The file of a video can not be replaced.")
		}
		if m.sawVideo {
			return invalid(name, "There are two video files in the form; send one.")
		}
		if part.FileName() == "" {
			return invalid(name, "The field videofile is a file; here it is text.")
		}
		m.sawVideo = true
		return m.video(part)
	case "thumbnailfile":
		return m.picture(part, &m.thumbnail)
	case "previewfile":
		return m.picture(part, &m.fallback)
	}
	return m.text(name, part)
}

func (m *multipartBody) text(name string, part io.Reader) error {
	value, err := io.ReadAll(io.LimitReader(part, m.limits.JSONBytes+1))
	if err != nil {
		return formFault(err)
	}
	m.textBytes += len(value)
	if int64(len(value)) > m.limits.JSONBytes || m.textBytes > maxTextBytes {
		return invalid("form", "A field of the form is too long.")
	}
	if base, _, _ := strings.Cut(name, "["); base == "tags" {
		return m.fields.addTag(string(value))
	}
	return m.fields.set(name, string(value))
}

func (m *multipartBody) picture(part *multipart.Part, into *[]byte) error {
	if *into != nil {
		return invalid(part.FormName(), "There are two pictures of the same kind in the form; send one.")
	}
	data, err := io.ReadAll(io.LimitReader(part, m.limits.PictureBytes+1))
	if err != nil {
		return formFault(err)
	}
	if int64(len(data)) > m.limits.PictureBytes {
		return &pod.Error{Kind: pod.KindTooLarge, Code: "picture_too_large", Op: "read form", Msg: fmt.Sprintf("The picture is too large: %d MB are allowed.", m.limits.PictureBytes>>20), Err: pod.ErrTooLarge}
	}
	*into = data
	return nil
}

// poster is the uploaded picture, if there is one.
func (m *multipartBody) poster() []byte {
	if len(m.thumbnail) > 0 {
		return m.thumbnail
	}
	if len(m.fallback) > 0 {
		return m.fallback
	}
	return nil
}

// formFault sorts the ways in which a form can be broken.
func formFault(err error) error {
	fault := bodyFault(err)
	if e, ok := errors.AsType[*pod.Error](fault); ok {
		e.Code, e.Msg = "invalid_form", "The form can not be read, or it ends too early."
	}
	return fault
}
