// Package fmp4 reads the index of an MP4 or QuickTime file and writes its picture and
// sound again as fragmented MP4, the form in which Peerpod publishes.
//
// Open reads the boxes around the media (never the media itself: an index of 256 MiB
// is the most that is held), picks the first track with H.264 pictures and the first
// with AAC sound, and plans the fragments. Write then copies the samples, in one pass
// and without ever going back, so that the writer can hash pieces on the way:
//
//	f, err := fmp4.Open(file, size, fmp4.Limits{MaxDuration: 24 * time.Hour})
//	if err == nil && f.Playable() {
//		err = f.Write(ctx, w)
//	}
//
// What is written: ftyp; moov without samples; one sidx that lists every fragment; then
// for each fragment moof and mdat, pictures first, sound after. All other tracks and
// all metadata (places, names of devices) are left behind.
//
// Fragments begin at key frames and are 2 seconds or longer, or 8 MiB. Where key frames
// are rare a fragment ends after 10 seconds, 16 MiB or 16,384 samples all the same; the
// next one then says in sidx that it starts without a stream access point (SAP type 0),
// and a player that seeks goes back to the last fragment with one. An open group of
// pictures is SAP type 3, a closed one type 1. Memory: one fragment's samples.
//
// Time: decoding starts at 0 and so does presentation, by an edit list of one entry for
// a track that is decoded earlier than shown (reordered pictures, the priming of sound).
// A delay in the source's edit list becomes a later first time stamp. Samples that a
// trim had cut away are dropped, back to the key frame that the first shown picture
// needs: a trimmed recording begins up to one group of pictures early, picture and sound
// alike. Files whose edit list joins several pieces are not Playable.
//
// Hostile input: every length and count is checked against the bytes that are there,
// tables are read where they lie and the samples together may not be larger than the
// file. Errors are ErrDamaged, ErrTruncated, ErrNoPicture, ErrProtected, ErrExternal and
// ErrTooBig. A File is used by one goroutine at a time.
//
// Sources: ISO/IEC 14496-12 (boxes), 14496-14 (esds), 14496-15 (avcC), 14496-10 (SPS),
// Apple's QuickTime File Format, RFC 6381 (codecs).
package fmp4
