package assets

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed web/*.html web/static
var webFiles embed.FS

//go:embed icons
var iconFiles embed.FS

//go:embed lang
var langFiles embed.FS

// Web is the page: html/template files at its top, the files served at /assets/… below
// static/.
func Web() fs.FS { return sub(webFiles, "web") }

// Lang holds the catalogues of words for the window, one JSON file a language.
func Lang() fs.FS { return sub(langFiles, "lang") }

// Icon gives the bytes of a picture in icons/, for example "peerpod.svg" or
// "peerpod-256.png". An unknown name is fs.ErrNotExist.
func Icon(name string) ([]byte, error) {
	data, err := iconFiles.ReadFile("icons/" + name)
	if err != nil {
		return nil, fmt.Errorf("icon %s: %w", name, err)
	}
	return data, nil
}

// sub cannot fail: the folder is embedded under that very name.
func sub(files embed.FS, dir string) fs.FS {
	tree, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return tree
}
