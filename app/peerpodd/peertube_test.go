package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest"
)

// PeerTube's own command-line client, pinned.
const (
	cliPackage = "@peertube/peertube-cli@1.0.3"
	cliSHA512  = "30ab39f3609457226ec4847fbacb7dc2bc10913820769bc7ce02494cb321be55b3bf2e02bd04a7a195f60b6ce4f9ebd9f181a2eaad92c8e650f45a24d8dc662a"
)

// peertubeCLI gives the path of the client's script. It is fetched once by npm, checked
// and kept in the temporary folder.
func peertubeCLI(t *testing.T) string {
	t.Helper()
	script := filepath.Join(os.TempDir(), "peerpod-cli-"+cliSHA512[:12], "peertube.js")
	if _, err := os.Stat(script); err == nil {
		return script
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "npm", "pack", "--silent", "--pack-destination", dir, cliPackage).CombinedOutput(); err != nil {
		t.Fatalf("npm pack: %v: %s", err, out)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if len(names) != 1 {
		t.Fatalf("npm pack made %q, want one file", names)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha512.Sum512(data); hex.EncodeToString(sum[:]) != cliSHA512 {
		t.Fatalf("%s has SHA-512 %x, want %s", cliPackage, sum, cliSHA512)
	}
	code := unpackOne(t, names[0], "package/dist/peertube.js")
	if err := os.MkdirAll(filepath.Dir(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, code, 0o600); err != nil {
		t.Fatal(err)
	}
	return script
}

func unpackOne(t *testing.T, archive, name string) []byte {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for tr := tar.NewReader(gz); ; {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s has no %s", archive, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == name {
			data, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
}

func TestPeerTubeCommandLineClientUploads(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	cli := peertubeCLI(t)
	for kind, film := range map[string]string{"mp4": podtest.MP4(t), "webm": podtest.WebM(t)} {
		cmd := exec.CommandContext(t.Context(), "node", cli, "upload", "--url", p.URL, "--username", "root", "--password", podtest.RootPassword,
			"--file", film, "--video-name", "From the command line "+kind, "--tags", "one,two", "--video-description", "By PeerTube's client",
			"--privacy", "1", "--category", "13", "--licence", "2", "--language", "fr")
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("peertube upload of %s: %v\n%s", kind, err, out)
		}
	}
	total, videos := p.List("/api/v1/videos?tagsOneOf=two&sort=name")
	if total != 2 || videos[0].Name != "From the command line mp4" {
		t.Fatalf("list = %d %+v, want both uploads", total, videos)
	}
	v := p.Video(videos[0].UUID)
	if v.Description != "By PeerTube's client" || len(v.Tags) != 2 {
		t.Errorf("video = %+v, want the description and tags", v)
	}
	if a := p.Get(v.Files[0].FileURL); a.Status != http.StatusOK || int64(len(a.Body)) != v.Files[0].Size {
		t.Errorf("file = %d with %d bytes, want 200 with %d", a.Status, len(a.Body), v.Files[0].Size)
	}
}
