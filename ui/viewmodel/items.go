package viewmodel

import (
	"maps"

	"github.com/peerpod/peerpod/pod"
)

const (
	// pageSize is how many videos are asked for at once.
	pageSize = 60
	// maxPages is how many pages are kept; a full window shows two at most.
	maxPages = 20
)

// Items is a long list of videos of which only some pages are at hand. It is a value: a
// change makes a new one.
type Items struct {
	pages map[int][]pod.Video
}

// At gives the video at a place of the list, if its page is at hand.
func (it Items) At(i int) (pod.Video, bool) {
	if i < 0 {
		return pod.Video{}, false
	}
	page := it.pages[i/pageSize]
	if i%pageSize >= len(page) {
		return pod.Video{}, false
	}
	return page[i%pageSize], true
}

// Find looks for a video by its number among the pages at hand.
func (it Items) Find(id pod.VideoID) (pod.Video, bool) {
	for _, page := range it.pages {
		for _, v := range page {
			if v.ID == id {
				return v, true
			}
		}
	}
	return pod.Video{}, false
}

// with adds a page and forgets those farthest from it while there are too many.
func (it Items) with(number int, videos []pod.Video) Items {
	pages := maps.Clone(it.pages)
	if pages == nil {
		pages = map[int][]pod.Video{}
	}
	pages[number] = videos
	for len(pages) > maxPages {
		farthest := number
		for n := range pages {
			if distance(n, number) > distance(farthest, number) {
				farthest = n
			}
		}
		delete(pages, farthest)
	}
	return Items{pages: pages}
}

func (it Items) has(number int) bool {
	_, ok := it.pages[number]
	return ok
}

func distance(a, b int) int { return max(a-b, b-a) }
