package access

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// executors run a text as SQL, by the number of the argument that it is: methods of database/sql and of the driver, those of
// the generated code, and the functions of repo that hand a text on to them.
var executors = map[string]int{
	"Exec": 0, "Query": 0, "QueryRow": 0, "Prepare": 0, "PrepareFlags": 0,
	"ExecContext": 1, "QueryContext": 1, "QueryRowContext": 1, "PrepareContext": 1,
	"exec": 2, "query": 2, "queryRow": 2,
	"pragmaInt": 2, "drain": 2,
}

// composed are the statements that are no constants, for SQLite has no parameters where they differ, and what they are
// made of.
var composed = map[string]string{
	"statement": "PRAGMA incremental_vacuum and a number",
	"script":    "a migration that is compiled in, and numbers",
	`fmt.Sprintf("PRAGMA journal_size_limit(%d)", w.walLimit())`: "a number",
}

// SQL is text that the program was compiled with: what callers, files and URLs say is bound to parameters, or it would not get
// past this test.
func TestStatementsAreConstant(t *testing.T) {
	found := 0
	for _, directory := range []string{"repo", "db", "service", "importer", "api", "measure", "schema", "cmd"} {
		for path, pkg := range packages(t, filepath.Join("..", "..", directory)) {
			constants := constantsOf(pkg)
			for _, file := range pkg {
				ast.Inspect(file, func(node ast.Node) bool {
					if f, ok := node.(*ast.FuncDecl); ok && handsOn(f) {
						return false
					}
					text := statementOf(node)
					if text == nil {
						return true
					}
					found++
					if source := sourceOf(t, text); !isConstant(text, constants) && composed[source] == "" {
						t.Errorf("%s: a statement is made of %s: bind it to a parameter", path, source)
					}
					return true
				})
			}
		}
	}
	if found < 50 {
		t.Errorf("%d statements are run: these are not the sources of the program", found)
	}
}

// handsOn says that a function runs what it is given, so that its callers are to be looked at.
func handsOn(f *ast.FuncDecl) bool {
	_, ok := executors[f.Name.Name]
	return ok
}

// statementOf returns what a call runs as SQL, nil if it runs nothing.
func statementOf(node ast.Node) ast.Expr {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return nil
	}
	name := ""
	switch function := call.Fun.(type) {
	case *ast.Ident:
		name = function.Name
	case *ast.SelectorExpr:
		name = function.Sel.Name
	}
	at, ok := executors[name]
	if !ok || at >= len(call.Args) {
		return nil
	}
	if at == 0 && len(call.Args) > 1 && name == "Prepare" { // that of generated code: a context and a connection
		return nil
	}
	return call.Args[at]
}

// isConstant says that an expression is made of literals and constants.
func isConstant(text ast.Expr, constants map[string]bool) bool {
	switch e := text.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.Ident:
		return constants[e.Name]
	case *ast.BinaryExpr:
		return isConstant(e.X, constants) && isConstant(e.Y, constants)
	default:
		return false
	}
}

// constantsOf returns the names of the constants of a package.
func constantsOf(pkg []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, file := range pkg {
		ast.Inspect(file, func(node ast.Node) bool {
			declared, ok := node.(*ast.GenDecl)
			if !ok || declared.Tok != token.CONST {
				return true
			}
			for _, spec := range declared.Specs {
				if values, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range values.Names {
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

// packages parses the sources below a directory, without tests.
func packages(t *testing.T, root string) map[string][]*ast.File {
	t.Helper()
	list := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if slices.Contains(strings.Split(filepath.ToSlash(path), "/"), "repotest") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		list[filepath.Dir(path)] = append(list[filepath.Dir(path)], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func sourceOf(t *testing.T, e ast.Expr) string {
	t.Helper()
	var text strings.Builder
	if err := printer.Fprint(&text, token.NewFileSet(), e); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
