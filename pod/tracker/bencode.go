package tracker

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// dict is a bencoded dictionary of int, string, list and dict.
type dict map[string]any

// bencode prints a value as BEP 3 says, keys in the order of their bytes.
func bencode(out *bytes.Buffer, value any) {
	switch v := value.(type) {
	case int:
		out.WriteString("i" + strconv.Itoa(v) + "e")
	case string:
		out.WriteString(strconv.Itoa(len(v)) + ":" + v)
	case []any:
		out.WriteByte('l')
		for _, item := range v {
			bencode(out, item)
		}
		out.WriteByte('e')
	case dict:
		out.WriteByte('d')
		for _, key := range slices.Sorted(maps.Keys(v)) {
			bencode(out, key)
			bencode(out, v[key])
		}
		out.WriteByte('e')
	}
}

// writeBencoded sends a dictionary with status 200.
func writeBencoded(w http.ResponseWriter, d dict) {
	var out bytes.Buffer
	bencode(&out, d)
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=iso-8859-1")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	_, _ = w.Write(out.Bytes()) // a client that went away needs no answer
}

// onlyGet refuses other methods, HEAD too: an announce changes something.
func onlyGet(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet {
		return true
	}
	w.Header().Set("Allow", http.MethodGet)
	problem(w, http.StatusMethodNotAllowed, "method_not_allowed", "The tracker is asked by GET.")
	return false
}

// problem sends an error in the shape of API.md section 2. BitTorrent clients do not see
// it: only the upgrade to a WebSocket and a wrong method can fail like this.
func problem(w http.ResponseWriter, status int, code, detail string) {
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status,
		"detail": detail, "code": code, "error": detail,
	})
	if err != nil {
		return // texts and numbers always marshal
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
