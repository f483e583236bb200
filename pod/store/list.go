package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// maxWindow bounds how far into a list a page can lie.
const maxWindow = 1 << 30

// ListVideos gives one page of the videos that match and the number of all that match.
// Videos that are equal in the sort's key are ordered by ID, rising. Without Sort, and for
// match, trending, hot and best, which need knowledge that the store has not, the newest
// comes first. pod.ErrInvalid for a negative Start or Count or an unknown Sort.
//
// It walks over the rows of all videos, which are small, and reads the videos of the page
// only. Count 0 counts.
func (s *Store) ListVideos(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	if q.Start < 0 || q.Count < 0 {
		return pod.VideoPage{}, fmt.Errorf("list videos: start %d, count %d: %w", q.Start, q.Count, pod.ErrInvalid)
	}
	if q.Sort != "" && !pod.ValidSort(q.Sort) {
		return pod.VideoPage{}, fmt.Errorf("list videos: sort %q: %w", q.Sort, pod.ErrInvalid)
	}
	page := pod.VideoPage{Videos: []pod.Video{}}
	err := s.view(ctx, "list videos", func(tx *bbolt.Tx) error {
		hosts, err := s.originsAt(tx, q.Host)
		if err != nil {
			return err
		}
		l := newLister(q, hosts)
		if err := l.scan(ctx, tx); err != nil {
			return err
		}
		page.Total = l.total
		for _, p := range l.page(q.Start, q.Count) {
			v, err := linkedVideo(tx, p.id)
			if err != nil {
				return err
			}
			page.Videos = append(page.Videos, v)
		}
		return nil
	})
	if err != nil {
		return pod.VideoPage{}, err
	}
	return page, nil
}

// pick is a video that matched, with what it is sorted by.
type pick struct {
	order [timeKeyLen]byte
	text  string
	id    pod.VideoID
}

// lister collects the picks of one query.
type lister struct {
	filter     filter
	key        string // of the sort, without sign
	descending bool
	window     int // picks behind it are on no page that was asked for
	picks      []pick
	total      int
}

func newLister(q pod.VideoQuery, hosts map[pod.FriendID]bool) *lister {
	key, descending := strings.CutPrefix(q.Sort, "-")
	switch key {
	case "", "match", "trending", "hot", "best":
		key, descending = "publishedAt", true
	}
	return &lister{
		filter: newFilter(q, hosts), key: key, descending: descending,
		window: min(q.Start, maxWindow) + min(q.Count, maxWindow),
	}
}

// scan looks at the row of each video. It keeps no more picks than the page needs.
func (l *lister) scan(ctx context.Context, tx *bbolt.Tx) error {
	texts := l.filter.needsTexts() || l.key == "name"
	seen := 0
	err := eachKey(tx, bucketVideoRows, nil, func(key, record []byte) error {
		if seen++; seen%1024 == 0 && ctx.Err() != nil {
			return ended(ctx, "scan")
		}
		r, err := openRow(key, record)
		if err == nil && texts {
			err = r.parseTexts()
		}
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketVideoRows, key, err)
		}
		if l.filter.match(&r) {
			l.add(key, &r)
		}
		return nil
	})
	l.trim()
	return err
}

func openRow(key, record []byte) (row, error) {
	payload, err := unseal(key, record)
	if err != nil {
		return row{}, err
	}
	if len(key) != videoRowKeyLen {
		return row{}, fmt.Errorf("key of %d bytes: %w", len(key), pod.ErrCorrupt)
	}
	return parseRow(payload)
}

func (l *lister) add(key []byte, r *row) {
	l.total++
	if l.window == 0 {
		return
	}
	p := pick{id: pod.VideoID(lastID(key))}
	switch l.key {
	case "publishedAt":
		p.order = [timeKeyLen]byte(key)
	case "createdAt":
		p.order = r.created
	case "updatedAt":
		p.order = r.updated
	case "originallyPublishedAt":
		p.order = r.originally
	case "duration":
		binary.BigEndian.PutUint64(p.order[:], r.duration)
	case "views":
		binary.BigEndian.PutUint64(p.order[:], r.views)
	case "name":
		p.text = r.name
	} // likes: nobody can like yet, so all are equal
	l.picks = append(l.picks, p)
	if len(l.picks) >= 2*l.window+1024 {
		l.trim()
	}
}

// trim sorts the picks and drops those behind the window.
func (l *lister) trim() {
	slices.SortFunc(l.picks, func(a, b pick) int {
		order := slices.Compare(a.order[:], b.order[:])
		if order == 0 {
			order = strings.Compare(a.text, b.text)
		}
		if l.descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.id, b.id))
	})
	l.picks = l.picks[:min(len(l.picks), l.window)]
}

// page gives the picks of the page, after scan.
func (l *lister) page(start, count int) []pick {
	start = min(start, len(l.picks))
	return l.picks[start:min(len(l.picks), start+min(count, maxWindow))]
}
