package tracker

import (
	"net/http"
	"net/url"

	"github.com/peerpod/peerpod/pod"
)

// maxScrape is how many infohashes one scrape may ask for.
const maxScrape = 50

const (
	errFullScrape refusal = "Name the infohashes that you want to know of; all at once are not told."
	errBigScrape  refusal = "At most 50 infohashes can be asked for at once."
)

// ServeScrape is the scrape of BEP 48 over HTTP GET. Infohashes that this pod does not
// have are left out of the answer.
func (t *Tracker) ServeScrape(w http.ResponseWriter, r *http.Request) {
	if !onlyGet(w, r) {
		return
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		t.refuse(w, errQuery)
		return
	}
	counts, err := t.scrape(q["info_hash"])
	if err != nil {
		t.refuse(w, err)
		return
	}
	files := dict{}
	for ih, c := range counts {
		files[string(ih[:])] = dict{"complete": c.Seeders, "downloaded": c.Completed, "incomplete": c.Leechers}
	}
	writeBencoded(w, dict{"files": files})
}

// scrape counts the swarms of infohashes given as 20 bytes each.
func (t *Tracker) scrape(hashes []string) (map[pod.Infohash]pod.PeerCounts, error) {
	if len(hashes) == 0 {
		return nil, errFullScrape
	}
	if len(hashes) > maxScrape {
		return nil, errBigScrape
	}
	counts := make(map[pod.Infohash]pod.PeerCounts, len(hashes))
	for _, text := range hashes {
		var ih pod.Infohash
		if !only20([]string{text}, (*[20]byte)(&ih)) {
			return nil, errInfohash
		}
		if t.config.Catalogue.Knows(ih) {
			c := t.registry.counts(ih)
			c.Seeders += t.ownPeers()
			counts[ih] = c
		}
	}
	return counts, nil
}
