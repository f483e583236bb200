package store

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// row is what a list needs to know of a video before it reads the video: the fields
// that a query filters and sorts by. Its payload is binary: numbers of fixed size
// first, then texts, each behind its length as uvarint.
type row struct {
	privacy  pod.Privacy
	origin   pod.FriendID
	account  pod.AccountID
	channel  pod.ChannelID
	category int
	duration uint64
	views    uint64
	// Times as appendTime writes them. originally falls back to the publication.
	created, updated, originally [timeKeyLen]byte
	// The texts, in lower case but for language; read by parseTexts.
	language, name string
	tags           []string
	texts          []byte
}

// rowFixedLen is the length of a row before its texts.
const rowFixedLen = 1 + 3*8 + 4 + 2*8 + 3*timeKeyLen

// appendRow writes the row of a video. A hidden one has privacy 0, which no query asks for.
func appendRow(b []byte, v *pod.Video) []byte {
	privacy := byte(v.Privacy)
	if v.Hidden {
		privacy = 0
	}
	b = append(b, privacy)
	for _, n := range []uint64{uint64(v.Origin), uint64(v.AccountID), uint64(v.ChannelID)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(v.Category))
	b = binary.BigEndian.AppendUint64(b, uint64(max(v.Duration, 0)))
	b = binary.BigEndian.AppendUint64(b, v.Views)
	originally := v.PublishedAt
	if v.OriginallyAt != nil {
		originally = *v.OriginallyAt
	}
	b = appendTime(appendTime(appendTime(b, v.CreatedAt), v.UpdatedAt), originally)
	texts := append([]string{v.Language, strings.ToLower(v.Name)}, lower(v.Tags)...)
	for _, text := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

// parseRow reads the numbers of a row; its texts stay unread until parseTexts.
func parseRow(payload []byte) (row, error) {
	if len(payload) < rowFixedLen {
		return row{}, fmt.Errorf("row of %d bytes: %w", len(payload), pod.ErrCorrupt)
	}
	u64 := func(at int) uint64 { return binary.BigEndian.Uint64(payload[at:]) }
	const times = rowFixedLen - 3*timeKeyLen
	return row{
		privacy: pod.Privacy(payload[0]), origin: pod.FriendID(u64(1)), account: pod.AccountID(u64(9)), channel: pod.ChannelID(u64(17)),
		category: int(int32(binary.BigEndian.Uint32(payload[25:]))), duration: u64(29), views: u64(37),
		created:    [timeKeyLen]byte(payload[times:]),
		updated:    [timeKeyLen]byte(payload[times+timeKeyLen:]),
		originally: [timeKeyLen]byte(payload[times+2*timeKeyLen:]),
		texts:      payload[rowFixedLen:],
	}, nil
}

// parseTexts reads the texts of a row. They are copies.
func (r *row) parseTexts() error {
	var texts []string
	for rest := r.texts; len(rest) > 0; {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) {
			return fmt.Errorf("texts of a row: %w", pod.ErrCorrupt)
		}
		end := used + int(n)
		texts = append(texts, string(rest[used:end]))
		rest = rest[end:]
	}
	if len(texts) < 2 {
		return fmt.Errorf("row without name: %w", pod.ErrCorrupt)
	}
	r.language, r.name, r.tags = texts[0], texts[1], texts[2:]
	return nil
}

func lower(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strings.ToLower(text)
	}
	return out
}
