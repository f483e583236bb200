// Package library owns this pod's videos on their way from a person's file to a
// published video, and back: upload, import, edit, delete.
//
// A video passes through these steps:
//
//	incoming/ID.part    the bytes as they came (uploads only; a dropped file is read where it lies)
//	incoming/ID.pub/    the published file and its bencoded info dictionary, being written
//	pictures/           poster and thumbnail, named UUID-REV-preview.jpg and UUID-REV-thumb.jpg
//	videos/INFOHASH/    the staging folder, renamed into place
//	the store           one transaction: from here on the video exists
//
// Each step is synced to disk before the next. A crash before the transaction leaves
// only files without a record, and Start removes those; a crash after it leaves a whole
// video. A delete goes the other way round: the record first, then the files.
//
// The package knows neither ffmpeg, SHA-1 nor the database: Media, Hasher and Store are
// declared here and given in Config. OnChange is called after each transaction, on the
// goroutine of the caller, with no lock held; calls for different videos may overlap.
//
// All methods are safe for concurrent use. At most two files are published at a time,
// the others wait. Errors that a person may read are *pod.Error.
package library
