package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tree := tar.NewWriter(zipped)
	for name, text := range files {
		if err := tree.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tree.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestExtract(t *testing.T) {
	l := library{Name: "thing", Files: map[string]string{"package/a.js": "b.js"}}
	got, err := l.extract(archive(t, map[string]string{"package/a.js": "text", "package/../../x": "no"}))
	if err != nil || len(got) != 1 || string(got["b.js"]) != "text" {
		t.Errorf("extract = %q, %v, want b.js only", got, err)
	}
	if _, err := l.extract(archive(t, map[string]string{"package/other.js": "text"})); err == nil {
		t.Error("extract of an archive without the file = nil error, want one")
	}
	if _, err := l.extract([]byte("nonsense")); err == nil {
		t.Error("extract of nonsense = nil error, want one")
	}
}

func TestSettle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.js")
	if err := settle(path, []byte("one"), true); err == nil {
		t.Error("check of a missing file = nil error, want one")
	}
	if err := settle(path, []byte("one"), false); err != nil {
		t.Fatal(err)
	}
	if err := settle(path, []byte("one"), true); err != nil {
		t.Errorf("check of an equal file = %v, want nil", err)
	}
	if err := settle(path, []byte("two"), true); err == nil {
		t.Error("check of another file = nil error, want one")
	}
}

// TestVendored holds the list against what is committed, without the network.
func TestVendored(t *testing.T) {
	var libraries []library
	if err := json.Unmarshal(vendoredJSON, &libraries); err != nil {
		t.Fatal(err)
	}
	for _, l := range libraries {
		for _, name := range l.Files {
			if _, err := os.Stat(filepath.Join("..", "web", "static", "vendor", name)); err != nil {
				t.Errorf("%s %s: %v", l.Name, l.Version, err)
			}
		}
	}
}
