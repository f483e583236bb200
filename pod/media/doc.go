// Package media looks at video files and writes the bytes that Peerpod publishes.
//
// Inspect reads a file, never its name, and says what must happen before it can be
// shared: nothing (WebM, or MP4 that is fragmented already), writing it as fragmented MP4
// (done here, in Go), copying the streams out of another container (ffmpeg first), or a
// transcode (which this package does not do). Publish then writes the published bytes
// once, front to back, so that its writer can hash them. Poster takes a picture from the
// video, Picture reads one that a person sent, Placeholder draws one.
//
//	m, err := media.New(media.Config{TempDir: dir, Limits: limits, Logger: log})
//	info, err := m.Inspect(ctx, path)
//	if err == nil {
//		err = m.Publish(ctx, path, info, io.MultiWriter(file, hasher))
//	}
//
// ffmpeg is a child process or absent. Without it MP4, MOV and WebM that browsers play
// are taken all the same; Inspect refuses the rest with a sentence that says what
// installing ffmpeg adds, and Poster gives pod.ErrNotFound.
//
// Hostile files: magic bytes are looked at before any program runs, and decide which one
// reader of ffmpeg may be used; playlists, pictures and texts never reach it. Package
// child bounds the process; at most two run at once.
//
// Errors: *pod.Error of KindUnplayable, code "unplayable", with a sentence for the
// person; KindInvalid from Picture; the context's own. Errors of the writer come back
// wrapped.
//
// The packages below do the work: fmp4 (MP4), matroska, picture, child. A Media is safe
// for concurrent use and keeps no goroutine.
//
// Sources: RFC 6381 (codecs), ISO/IEC 14496-12, RFC 9559, the VP9 and AV1 bindings for
// codecs strings (webmproject.org/vp9/mp4, aomediacodec.github.io/av1-isobmff).
package media
