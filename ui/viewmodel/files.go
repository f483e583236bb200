package viewmodel

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// maxFiles is how many files one drop may bring.
const maxFiles = 1000

// found is one file behind a dropped path, or the reason why there is none.
type found struct {
	path    string
	refused error
}

// filesBehind looks at dropped paths: a regular file stands for itself, a folder for the
// regular files in it. In folders, hidden entries and symbolic links are passed over.
func filesBehind(ctx context.Context, paths []string) []found {
	var all []found
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			all = append(all, found{path, unreadable(err)})
		case info.Mode().IsRegular():
			all = append(all, found{path: path})
		case info.IsDir():
			all = append(all, filesInFolder(ctx, path, maxFiles-len(all))...)
		default:
			all = append(all, found{path, refusal("not_a_file", "This is neither a file nor a folder, so Peerpod can not add it. Drop video files or folders with videos.", nil)})
		}
		if len(all) == maxFiles {
			return append(all, found{path, refusal("too_many_files", "Only the first 1,000 files were taken. Add the others when these are done.", nil)})
		}
	}
	return all
}

func filesInFolder(ctx context.Context, folder string, room int) []found {
	var files []found
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			files = append(files, found{path, unreadable(err)})
		case path != folder && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.Type().IsRegular():
			files = append(files, found{path: path})
		}
		if len(files) >= room {
			return fs.SkipAll
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		files = append(files, found{folder, refusal("empty_folder", "There is no file in this folder.", nil)})
	}
	return files
}

func unreadable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return refusal("unreadable", "You may not open this file. Ask its owner, or copy it to a folder of yours.", err)
	}
	return refusal("unreadable", "This file can not be opened. Check that it still exists and that its disk is connected.", err)
}

func refusal(code, msg string, err error) error {
	return &pod.Error{Kind: pod.KindInvalid, Code: code, Op: "add file", Msg: msg, Err: err}
}
