package store

import (
	"github.com/peerpod/peerpod/pod"
)

// indexedFile is the record of a file under its infohash: all that seeding, serving and
// the tracker need at a start, without a look at the video.
type indexedFile struct {
	Video   pod.VideoID `json:"video"`
	Privacy pod.Privacy `json:"privacy"`
	File    fileRecord  `json:"file"`
	Hidden  bool        `json:"hidden,omitempty"`
}

// changeRecord is one entry of the change log. Last is set for a removal.
type changeRecord struct {
	Video pod.VideoID  `json:"video"`
	Last  *videoRecord `json:"last,omitempty"`
}

// videoEntries computes all index entries of a stored video: the same video gives the
// same bytes, which Check relies on.
func videoEntries(r *videoRecord) ([]entry, error) {
	var e entries
	stored := r.video()
	v := &stored
	e.add(bucketVideoUUID, uuidKey(v.UUID, v.Origin), v.ID)
	rowKey := videoRowKey(v.PublishedAt, v.ID)
	e.list = append(e.list, entry{bucket: bucketVideoRows, key: rowKey, record: seal(rowKey, appendRow(nil, v))})
	e.add(bucketChanges, idKey(v.Rev), changeRecord{Video: v.ID})
	var sizeBytes int64
	for i := range v.Files {
		f := &v.Files[i]
		sizeBytes += f.SizeBytes
		if !f.Infohash.IsZero() { // a file without torrent is found by its video only
			e.add(bucketFiles, fileKey(f.Infohash, v.Origin, f.ID),
				indexedFile{Video: v.ID, Privacy: v.Privacy, File: newFileRecord(f), Hidden: v.Hidden})
		}
	}
	e.add(bucketVideoAccount, pairKey(v.AccountID, v.ID), sizeBytes)
	if v.Origin != 0 {
		e.add(bucketOriginVideo, originKey(v.Origin, v.OriginEpoch, v.ID), v.ID)
	}
	if r.PublicFrom != 0 {
		e.add(bucketOut, r.outKey(v.Rev), outRecord{Video: v.ID})
	}
	return e.list, e.err
}
