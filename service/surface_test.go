package service_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Who embeds the package meets its own types alone: no exported declaration names a type of another
// package of the project. Errors are values, which have none.
func TestSurfaceIsItsOwn(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		foreign := foreignPackages(t, file)
		for _, decl := range file.Decls {
			for _, shown := range surface(decl) {
				ast.Inspect(shown, func(node ast.Node) bool {
					of, ok := node.(*ast.SelectorExpr)
					if !ok {
						return true
					}
					if name, ok := of.X.(*ast.Ident); ok && foreign[name.Name] {
						t.Errorf("%s: %s.%s", set.Position(of.Pos()), name.Name, of.Sel.Name)
					}
					return true
				})
			}
		}
	}
}

// foreignPackages returns the names by which a file knows other packages of the project.
func foreignPackages(t *testing.T, file *ast.File) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(imported, "github.com/wanstore/wanstore/") {
			continue
		}
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = true
	}
	return names
}

// surface returns the types that a declaration shows to other packages. A value without a type is
// one, unless it is an error.
func surface(decl ast.Decl) []ast.Node {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Name.IsExported() && isExportedReceiver(decl.Recv) {
			return []ast.Node{decl.Type}
		}
	case *ast.GenDecl:
		var shown []ast.Node
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					shown = append(shown, shownType(spec.Type)...)
				}
			case *ast.ValueSpec:
				shown = append(shown, shownValue(spec)...)
			}
		}
		return shown
	}
	return nil
}

func isExportedReceiver(receiver *ast.FieldList) bool {
	if receiver == nil {
		return true
	}
	of := receiver.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	name, ok := of.(*ast.Ident)
	return ok && name.IsExported()
}

// shownType returns a type, or of a struct the types of its exported fields.
func shownType(of ast.Expr) []ast.Node {
	structure, ok := of.(*ast.StructType)
	if !ok {
		return []ast.Node{of}
	}
	var shown []ast.Node
	for _, field := range structure.Fields.List {
		exported := len(field.Names) == 0 // an embedded type shows what it has
		for _, name := range field.Names {
			exported = exported || name.IsExported()
		}
		if exported {
			shown = append(shown, field.Type)
		}
	}
	return shown
}

func shownValue(spec *ast.ValueSpec) []ast.Node {
	var shown []ast.Node
	for i, name := range spec.Names {
		switch {
		case !name.IsExported():
		case spec.Type != nil:
			shown = append(shown, spec.Type)
		case i < len(spec.Values) && !strings.HasPrefix(name.Name, "Err"):
			shown = append(shown, spec.Values[i])
		}
	}
	return shown
}
