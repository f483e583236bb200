// Package matroska reads what a Matroska or WebM file says about itself: kind of
// document, length, tracks with their codecs, and whether all of it is there.
//
// Open reads the elements around the media and, of the media, only heads of blocks: the
// first ones for the frame rate and the first picture's first bytes, and those of the
// last cluster to see where the file ends. Clusters of known size between them are
// skipped; a live recording, whose clusters have no size, is walked block by block.
//
//	f, err := matroska.Open(file, size)
//	if err == nil && f.DocType == "webm" {
//		fmt.Fprintln(w, f.Video.CodecID, f.Duration)
//	}
//
// The package decides nothing: which codecs play, and what their names are in a MIME
// type, is for its caller. It does not write.
//
// Hostile input: every size is checked against what is left, bodies that are read into
// memory are capped (tracks 16 MiB, others 1 MiB) and so is the number of elements.
// Errors are ErrDamaged, ErrTruncated, ErrNoPicture, ErrProtected and ErrTooBig.
//
// Sources: RFC 8794 (EBML), RFC 9559 (Matroska), the WebM container guidelines.
package matroska
