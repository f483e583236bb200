package library

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/peerpod/peerpod/pod"
)

// Names inside the data folder. They are made of our own numbers only.

func videoDir(ih pod.Infohash) string { return filepath.Join(dirVideos, ih.String()) }

// infoName is the file beside the published one that holds the bencoded info dictionary.
const infoName = "info"

func pictureName(u pod.UUID, rev uint32, kind string) string {
	return fmt.Sprintf("%s-%d-%s.jpg", u, rev, kind)
}

// Paths tells where the parts of a video lie. It reads nothing.
type Paths struct{ Dir string }

// File is the path of a published file.
func (p Paths) File(f pod.VideoFile) string {
	return filepath.Join(p.Dir, videoDir(f.Infohash), f.Name)
}

// Info is the path of the bencoded info dictionary of a published file.
func (p Paths) Info(ih pod.Infohash) string { return filepath.Join(p.Dir, videoDir(ih), infoName) }

// Thumbnail is the path of the small picture of a video that has one.
func (p Paths) Thumbnail(v pod.Video) string {
	return filepath.Join(p.Dir, dirPictures, pictureName(v.UUID, v.PosterRev, "thumb"))
}

// Preview is the path of the large picture of a video that has one.
func (p Paths) Preview(v pod.Video) string {
	return filepath.Join(p.Dir, dirPictures, pictureName(v.UUID, v.PosterRev, "preview"))
}

func (l *Library) path(name string) string { return filepath.Join(l.cfg.Dir, name) }

// writeFile writes a whole new file and syncs it. It may not exist.
func (l *Library) writeFile(name string, data []byte) error {
	f, err := l.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes the names of a folder last: a rename alone was seen to roll back in
// power cuts.
func (l *Library) syncDir(name string) error {
	d, err := l.root.Open(name)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("sync folder: %w", err) // Windows syncs no folders and says "access denied"
	}
	return nil
}

// sweep removes what a crash left: unfinished uploads, published files and pictures
// without a record.
func (l *Library) sweep(ctx context.Context) error {
	if err := l.sweepDir(dirIncoming, func(string) bool { return false }); err != nil {
		return err
	}
	hashes, pictures, err := l.recorded(ctx)
	if err != nil {
		return err
	}
	if err := l.sweepDir(dirVideos, func(name string) bool { return hashes[name] }); err != nil {
		return err
	}
	return l.sweepDir(dirPictures, func(name string) bool {
		uuid, rev, ok := parsePictureName(name)
		want, known := pictures[uuid]
		return ok && known && want == rev
	})
}

// recorded reads which infohashes and pictures the store knows.
func (l *Library) recorded(ctx context.Context) (hashes map[string]bool, pictures map[string]uint32, err error) {
	hashes, pictures = map[string]bool{}, map[string]uint32{}
	q := pod.VideoQuery{Count: 500, Sort: "createdAt", Privacies: AllPrivacies()}
	for {
		page, err := l.cfg.Store.ListVideos(ctx, q)
		if err != nil {
			return nil, nil, fmt.Errorf("read videos for the sweep: %w", err)
		}
		for _, v := range page.Videos {
			for _, f := range v.Files {
				hashes[f.Infohash.String()] = true
			}
			if v.HasPoster {
				pictures[v.UUID.String()] = v.PosterRev
			}
		}
		q.Start += len(page.Videos)
		if len(page.Videos) == 0 || q.Start >= page.Total {
			return hashes, pictures, nil
		}
	}
}

// AllPrivacies lists every level, for queries of the owner.
func AllPrivacies() []pod.Privacy {
	return []pod.Privacy{
		pod.PrivacyPublic, pod.PrivacyUnlisted, pod.PrivacyPrivate, pod.PrivacyInternal,
		pod.PrivacyPassword, pod.PrivacyFriends, pod.PrivacyChosen,
	}
}

func (l *Library) sweepDir(dir string, keep func(name string) bool) error {
	entries, err := os.ReadDir(l.path(dir))
	if err != nil {
		return fmt.Errorf("read folder %s: %w", dir, err)
	}
	for _, e := range entries {
		if keep(e.Name()) {
			continue
		}
		l.log.Info("Removed what an unfinished step left", pod.LogName, filepath.Join(dir, e.Name()))
		if err := l.root.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove left-over of %s: %w", dir, err)
		}
	}
	return nil
}

// parsePictureName reads UUID-REV-kind.jpg.
func parsePictureName(name string) (uuid string, rev uint32, ok bool) {
	if len(name) < 38 || !strings.HasSuffix(name, ".jpg") {
		return "", 0, false
	}
	number, kind, found := strings.Cut(name[37:len(name)-len(".jpg")], "-")
	n, err := strconv.ParseUint(number, 10, 32)
	if !found || err != nil || (kind != "thumb" && kind != "preview") {
		return "", 0, false
	}
	return name[:36], uint32(n), true
}

// explain turns an error of the file system into one for a person.
func explain(op string, err error) error {
	if err == nil || errors.As(err, new(*pod.Error)) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, pod.ErrNoSpace) {
		return diskFull(op, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

func diskFull(op string, err error) error {
	return &pod.Error{Kind: pod.KindNoSpace, Code: "disk_full", Op: op, Msg: "The disk of this pod is full. Free some space or delete a video, then try again.", Err: errors.Join(pod.ErrNoSpace, err)}
}
