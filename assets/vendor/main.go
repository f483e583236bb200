// Command vendor renews the libraries that the web page ships with.
//
//	go run ./assets/vendor          fetch each library and write its files
//	go run ./assets/vendor -check   fetch and compare; a difference is an error
//
// vendored.json names each library with its version, the SHA-512 of its archive and the
// files that are kept. The npm client fetches the archive, from whichever registry it is
// set to; nothing of it is run. The kept files are byte for byte those of the archive.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

//go:embed vendored.json
var vendoredJSON []byte

// library is one entry of vendored.json.
type library struct {
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Integrity string            `json:"integrity"` // "sha512-" + base64, as npm writes it
	Files     map[string]string `json:"files"`     // path in the archive: name in the folder
}

const (
	maxArchiveBytes = 64 << 20
	maxFileBytes    = 16 << 20
	fetchTimeout    = 5 * time.Minute
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	dir := flag.String("dir", filepath.Join("assets", "web", "static", "vendor"), "folder of the vendored files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *dir, *check)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vendor:", err)
		os.Exit(1) //nolint:forbidigo // the end of a tool of its own
	}
}

func run(ctx context.Context, dir string, check bool) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var libraries []library
	if err := json.Unmarshal(vendoredJSON, &libraries); err != nil {
		return fmt.Errorf("vendored.json: %w", err)
	}
	for i := range libraries {
		archive, err := libraries[i].fetch(ctx)
		if err != nil {
			return err
		}
		files, err := libraries[i].extract(archive)
		if err != nil {
			return err
		}
		for name, data := range files {
			if err := settle(filepath.Join(dir, name), data, check); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch asks npm for the archive and holds it against the integrity.
func (l *library) fetch(ctx context.Context) ([]byte, error) {
	id := l.Name + "@" + l.Version
	dir, err := os.MkdirTemp("", "vendor-")
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", id, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.CommandContext(ctx, "npm", "pack", id, "--ignore-scripts", "--silent", "--pack-destination", dir) //nolint:gosec // id is ours
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("npm pack %s: %w: %s", id, err, stderr.Bytes())
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("npm pack %s left %d archives", id, len(found))
	}
	archive, err := os.ReadFile(found[0])
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", id, err)
	}
	sum := sha512.Sum512(archive)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != l.Integrity {
		return nil, fmt.Errorf("%s has integrity %s, want %s", id, got, l.Integrity)
	}
	return archive, nil
}

// extract gives the files that are kept, by their names in the folder.
func (l *library) extract(archive []byte) (map[string][]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	files, tree := map[string][]byte{}, tar.NewReader(io.LimitReader(unzipped, maxArchiveBytes))
	for {
		header, err := tree.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		name, kept := l.Files[header.Name]
		if !kept {
			continue
		}
		if files[name], err = io.ReadAll(io.LimitReader(tree, maxFileBytes)); err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	if len(files) != len(l.Files) {
		return nil, fmt.Errorf("%s: %d of %d files are in the archive", l.Name, len(files), len(l.Files))
	}
	return files, nil
}

// settle writes a file, or compares it.
func settle(path string, want []byte, check bool) error {
	if !check {
		if err := os.WriteFile(path, want, 0o644); err != nil { //nolint:gosec // a source file, for all to read
			return fmt.Errorf("write vendored file: %w", err)
		}
		return nil
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("check vendored file: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s differs from the archive", filepath.Base(path))
	}
	return nil
}
