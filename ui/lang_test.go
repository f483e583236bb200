package ui_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/assets"
)

// keysInSource finds the texts that the window asks lang for. A text that is not written
// out in the call could not be found here, so it is an error.
func keysInSource(t *testing.T) map[string]token.Position {
	t.Helper()
	keys, set := map[string]token.Position{}, token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := selector.X.(*ast.Ident); !ok || pkg.Name != "lang" || len(selector.Sel.Name) > 2 {
				return true
			}
			text, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: the text is not written out", set.Position(call.Pos()))
				return true
			}
			key, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Error(err)
			}
			keys[key] = set.Position(call.Pos())
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestEveryTextIsInTheCatalogues(t *testing.T) {
	used := keysInSource(t)
	if len(used) < 50 {
		t.Fatalf("found %d texts in the source, want many", len(used))
	}
	names, err := fs.Glob(assets.Lang(), "*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("catalogues = %v, %v, want en.json at least", names, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(assets.Lang(), name)
		if err != nil {
			t.Fatal(err)
		}
		var has map[string]any
		if err := json.Unmarshal(data, &has); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, at := range used {
			if _, ok := has[key]; !ok {
				t.Errorf("%s has no %q, used at %s", name, key, at)
			}
		}
		for key := range has {
			if _, ok := used[key]; !ok {
				t.Errorf("%s has %q, which nobody uses", name, key)
			}
		}
	}
}

func TestWordsAreCalm(t *testing.T) {
	for key := range keysInSource(t) {
		if strings.Contains(key, "!") || strings.Contains(strings.ToLower(key), "oops") {
			t.Errorf("%q is not calm", key)
		}
	}
}
