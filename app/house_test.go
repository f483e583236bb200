package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

const module = "github.com/peerpod/peerpod"

// goPackage is what `go list` tells of a package.
type goPackage struct {
	ImportPath string
	Name       string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-tags", "migrated_fynedo", "-json=ImportPath,Name,Dir,GoFiles,Imports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// houseRule forbids imports to some packages, with the reason.
type houseRule struct {
	name   string
	of     func(pkg string) bool // which packages the rule binds; the path within the module
	allows func(pkg, imported string) bool
	reason string
}

func isPart(pkg string) bool {
	return strings.HasPrefix(pkg, "pod/") && !strings.HasPrefix(pkg, "pod/node") && !strings.HasPrefix(pkg, "pod/podtest")
}

func inside(pkg string) (string, bool) { return strings.CutPrefix(pkg, module+"/") }

func isStandard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".")
}

// partMayUse are the exceptions of ARCHITECTURE: federation seals and fetches, reach fetches.
var partMayUse = map[string][]string{"pod/federation": {"pod/seal", "pod/fetch"}, "pod/reach": {"pod/fetch"}}

var houseRules = []houseRule{
	{
		name: "the domain", reason: "pod speaks the domain: standard library only",
		of:     func(pkg string) bool { return pkg == "pod" },
		allows: func(_, imported string) bool { return isStandard(imported) },
	},
	{
		name: "parts", reason: "parts never import each other; pod/node puts them together",
		of: isPart,
		allows: func(pkg, imported string) bool {
			in, ours := inside(imported)
			if !ours || in == "pod" || strings.HasPrefix(in, pkg+"/") {
				return true
			}
			return slices.Contains(partMayUse[pkg], in)
		},
	},
	{
		name: "the pod and the window", reason: "pod never imports Fyne or ui",
		of: func(pkg string) bool { return pkg == "pod" || strings.HasPrefix(pkg, "pod/") },
		allows: func(_, imported string) bool {
			in, _ := inside(imported)
			return !strings.HasPrefix(imported, "fyne.io/") && in != "ui" && !strings.HasPrefix(in, "ui/") && in != "app"
		},
	},
	{
		name: "the window and the pod", reason: "ui asks small interfaces; it knows no part",
		of: func(pkg string) bool { return pkg == "ui" || strings.HasPrefix(pkg, "ui/") },
		allows: func(_, imported string) bool {
			in, ours := inside(imported)
			return !ours || in == "pod" || in == "assets" || in == "ui" || strings.HasPrefix(in, "ui/")
		},
	},
	{
		name: "view models", reason: "view models are tested without a window",
		of:     func(pkg string) bool { return pkg == "ui/viewmodel" },
		allows: func(_, imported string) bool { return !strings.HasPrefix(imported, "fyne.io/") },
	},
	{
		name: "the display", reason: "only app/peerpod needs cgo and a display",
		of:     func(pkg string) bool { return pkg != "app/peerpod" },
		allows: func(_, imported string) bool { return imported != "fyne.io/fyne/v2/app" },
	},
	{
		name: "the database", reason: "only pod/store knows bbolt",
		of:     func(pkg string) bool { return pkg != "pod/store" },
		allows: func(_, imported string) bool { return !strings.HasPrefix(imported, "go.etcd.io/bbolt") },
	},
	{
		name: "the shared start", reason: "app starts the pod, it does not know the window; its programs do",
		of: func(pkg string) bool { return pkg == "app" || pkg == "app/peerpodd" },
		allows: func(_, imported string) bool {
			in, _ := inside(imported)
			return !strings.HasPrefix(imported, "fyne.io/") && in != "ui" && !strings.HasPrefix(in, "ui/")
		},
	},
}

func TestImportsKeepTheHouse(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		pkg, _ := inside(p.ImportPath)
		for _, rule := range houseRules {
			if !rule.of(pkg) {
				continue
			}
			for _, imported := range p.Imports {
				if !rule.allows(pkg, imported) {
					t.Errorf("%s imports %s, but %s (rule: %s)", pkg, imported, rule.reason, rule.name)
				}
			}
		}
	}
}

func TestEachPackageHasOneDoc(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		var docs []string
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				docs = append(docs, name)
			}
		}
		if len(docs) != 1 {
			t.Errorf("%s has package docs in %q, want one", p.ImportPath, docs)
		}
	}
}

// leastSafe are the versions below which a known hole is open (ARCHITECTURE, Decisions).
var leastSafe = map[string]string{
	"github.com/pion/dtls/v3":       "v3.1.4", // GO-2026-4479
	"github.com/pion/stun/v3":       "v3.1.5", // GO-2026-6163
	"github.com/pion/webrtc/v4":     "v4.2.20",
	"github.com/anacrolix/torrent":  "v1.62.0", // one ut_metadata message ends v1.57.1
	"go.etcd.io/bbolt":              "v1.5.0",
	"github.com/gorilla/websocket":  "v1.5.3",
	"fyne.io/fyne/v2":               "v2.8.0",
	"github.com/Eyevinn/mp4ff":      "v0.50.0",
	"github.com/go-jose/go-jose/v4": "v4.1.8",
}

// forbidden modules have holes without a fix.
var forbidden = []string{"github.com/pion/webrtc/v3", "github.com/pion/dtls/v2"}

func TestModulesAreNotOlderThanTheLeastSafeOnes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range mod.Require {
		if least, ok := leastSafe[req.Mod.Path]; ok && semver.Compare(req.Mod.Version, least) < 0 {
			t.Errorf("%s is at %s, want %s or newer", req.Mod.Path, req.Mod.Version, least)
		}
		for _, bad := range forbidden {
			if req.Mod.Path == bad {
				t.Errorf("%s is used, but it has a hole without a fix", bad)
			}
		}
	}
}

func TestNoForeignTopLevelFolders(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"app": true, "pod": true, "ui": true, "assets": true, "packaging": true, "FyneApp.toml": true, "go.mod": true, "go.sum": true,
		"README.md": true, "Makefile": true, "LICENSE": true, "CHANGELOG.md": true, "CONTRIBUTING.md": true, "bin": true, "dist": true,
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !allowed[e.Name()] && !strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s stands at the top level, where the customer's layout has no such name", e.Name())
		}
	}
}
