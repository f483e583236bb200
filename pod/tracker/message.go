package tracker

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
)

// Bounds of one message of a browser.
const (
	maxMessage    = 256 << 10 // ten offers of 16 KiB with room for escapes
	maxOffers     = 10
	maxSDP        = 16 << 10
	maxCandidates = 100
)

// The actions of WebTorrent's tracker protocol.
const (
	actionAnnounce = "announce"
	actionScrape   = "scrape"
)

// request is what a browser sends. info_hash is a text, for a scrape also a list.
type request struct {
	Action   string          `json:"action"`
	InfoHash json.RawMessage `json:"info_hash"`
	PeerID   string          `json:"peer_id"`
	Event    string          `json:"event"`
	Left     *float64        `json:"left"`
	NumWant  *float64        `json:"numwant"`
	Offers   []wireOffer     `json:"offers"`
	Answer   *description    `json:"answer"`
	ToPeerID string          `json:"to_peer_id"`
	OfferID  string          `json:"offer_id"`
}

type wireOffer struct {
	Offer   description `json:"offer"`
	OfferID string      `json:"offer_id"`
}

// description is a session description of WebRTC.
type description struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

// reply is what a browser gets: the answer to an announce or scrape, an offer or an
// answer of another peer, or a failure.
type reply struct {
	Action     string               `json:"action"`
	InfoHash   string               `json:"info_hash,omitempty"`
	Failure    string               `json:"failure reason,omitempty"`
	Interval   int                  `json:"interval,omitempty"`
	Complete   *int                 `json:"complete,omitempty"`
	Incomplete *int                 `json:"incomplete,omitempty"`
	PeerID     string               `json:"peer_id,omitempty"`
	OfferID    string               `json:"offer_id,omitempty"`
	Offer      *description         `json:"offer,omitempty"`
	Answer     *description         `json:"answer,omitempty"`
	Files      map[string]fileState `json:"files,omitempty"`
}

type fileState struct {
	Complete   int `json:"complete"`
	Downloaded int `json:"downloaded"`
	Incomplete int `json:"incomplete"`
}

// violation closes a socket with a code of RFC 6455.
type violation struct {
	code int
	text string
}

// Error gives the text that goes with the code.
func (v violation) Error() string { return v.text }

// decodeRequest reads one message. Whatever is not a JSON object of the right types, or
// is over a bound, is a violation.
func decodeRequest(kind int, data []byte) (*request, error) {
	if kind != websocket.TextMessage || !utf8.Valid(data) {
		return nil, violation{websocket.CloseInvalidFramePayloadData, "a message is a text in UTF-8"}
	}
	var m request
	if trimmed := strings.TrimLeft(string(data[:min(len(data), 64)]), " \t\r\n"); !strings.HasPrefix(trimmed, "{") {
		return nil, violation{websocket.CloseInvalidFramePayloadData, "a message is a JSON object"}
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, violation{websocket.CloseInvalidFramePayloadData, "the message is not what the protocol asks for"}
	}
	if len(m.Offers) > maxOffers {
		return nil, violation{websocket.ClosePolicyViolation, "too many offers"}
	}
	for _, o := range m.Offers {
		if err := o.Offer.check(); err != nil {
			return nil, err
		}
	}
	if m.Answer != nil {
		if err := m.Answer.check(); err != nil {
			return nil, err
		}
	}
	return &m, nil
}

// check bounds a description; what it says is for the two browsers to judge.
func (d *description) check() error {
	if len(d.SDP) > maxSDP {
		return violation{websocket.ClosePolicyViolation, "a description is too long"}
	}
	if strings.Count(d.SDP, "a=candidate") > maxCandidates {
		return violation{websocket.CloseInvalidFramePayloadData, "a description has too many candidates"}
	}
	return nil
}

// hashes reads info_hash: one text or a list of texts, each decoded to bytes.
func (m *request) hashes() []string {
	var one string
	list := []string{}
	if json.Unmarshal(m.InfoHash, &one) == nil && len(m.InfoHash) > 0 && one != "" {
		list = []string{one}
	} else if json.Unmarshal(m.InfoHash, &list) != nil {
		return nil
	}
	if len(list) > maxScrape {
		return make([]string, len(list)) // will be refused for its length
	}
	for i, text := range list {
		list[i] = string(decodeBinary(text))
	}
	return list
}

// left is how much the browser still wants; null and nothing are both "not said".
func (m *request) left() leftBytes {
	if m.Left == nil || *m.Left < 0 {
		return leftBytes{}
	}
	left := leftBytes{known: true}
	if *m.Left > 0 {
		left.bytes = 1 // only "none" and "some" matter
	}
	return left
}

// want is how many offers may be handed on.
func (m *request) want() int {
	if m.NumWant == nil || *m.NumWant < 0 || *m.NumWant > maxOffers {
		return maxOffers
	}
	return int(*m.NumWant)
}

// usableOffers gives the offers that are whole, each offer_id once.
func (m *request) usableOffers() []wireOffer {
	seen := make(map[string]bool, len(m.Offers))
	usable := make([]wireOffer, 0, len(m.Offers))
	for _, o := range m.Offers {
		if o.Offer.Type == "offer" && o.Offer.SDP != "" && len(decodeBinary(o.OfferID)) == 20 && !seen[o.OfferID] {
			seen[o.OfferID] = true
			usable = append(usable, o)
		}
	}
	return usable
}

// encodeBinary prints bytes as a JSON text of the protocol: one rune of U+0000 to U+00FF
// per byte.
func encodeBinary(data []byte) string {
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}

// decodeBinary reads what encodeBinary prints; nil if a rune is no byte.
func decodeBinary(text string) []byte {
	data := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return nil
		}
		data = append(data, byte(r))
	}
	return data
}

// binary20 reads a text of exactly 20 bytes.
func binary20(text string) (id [20]byte, ok bool) {
	if len(text) > 2*len(id) { // two bytes of UTF-8 per rune at most
		return id, false
	}
	return id, only20([]string{string(decodeBinary(text))}, &id)
}

func binaryHash(ih pod.Infohash) string { return encodeBinary(ih[:]) }
