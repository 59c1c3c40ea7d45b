package access

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
	"testing"
)

// executors run a text as SQL, by the number of the argument that it is: methods of database/sql
// and of the driver, those of the generated code, and the functions of repo/internal/sqlite that
// hand a text on to them.
var executors = map[string]int{
	"Exec": 0, "Query": 0, "QueryRow": 0, "Prepare": 0, "PrepareFlags": 0,
	"ExecContext": 1, "QueryContext": 1, "QueryRowContext": 1, "PrepareContext": 1,
	"exec": 2, "query": 2, "queryRow": 2,
	"PragmaInt": 2, "Drain": 2, "SchemaOf": 0,
}

// composed are the statements that are no constants, for SQLite has no parameters where they
// differ, by the function that runs them: numbers, and files that are compiled in.
var composed = map[place]string{
	{"repo/vacuum.go", "Vacuum"}: `fmt.Sprintf("PRAGMA incremental_vacuum(%d)",` +
		` min(surplus, vacuumPages, w.checkpointPages()/vacuumShare))`,
	{"repo/sizecap.go", "CapSize"}: "" +
		`fmt.Sprintf("PRAGMA journal_size_limit(%d)", w.walLimit())`,
	{"repo/internal/sqlite/setup.go", "SetUp"}: "schema.SampleGroups",
	{"repo/begin.go", "makeTables"}:            "schema.History",
	{"repo/rebuildnew.go", "attach"}: `fmt.Sprintf("PRAGMA rebuilt.journal_mode = off; "+` +
		`"PRAGMA rebuilt.synchronous = off; PRAGMA rebuilt.cache_size = -%d", sqlite.CacheKiB)`,
	{"repo/internal/sqlite/connection.go", "open"}: `"PRAGMA " + pragma`,
	{"repo/mendschema.go", "writeSchema"}:          "schema.History",
	{"repo/upgrade.go", "upgrade"}:                 "upgrades[version]",
	{"repo/begin.go", "setNumbers"}: "" +
		`fmt.Sprintf(numbers, disk.ApplicationID, schema.Version)`,
}

// place is a function and its file.
type place struct{ file, function string }

// SQL is text that the program was compiled with: what callers, files and URLs say is bound to
// parameters, or it would not get past this test.
func TestStatementsAreConstant(t *testing.T) {
	found, exceptions := 0, 0
	for _, directory := range []string{"repo", "db", "service", "importer", "api", "measure", "schema",
		"cmd"} {
		for _, pkg := range packages(t, directory) {
			constants := constantsOf(pkg)
			for path, file := range pkg {
				for declared, text := range statements(file) {
					found++
					if isConstant(text, constants) {
						continue
					}
					where, source := place{path, functionName(declared)}, sourceOf(t, definition(declared, text))
					if source != composed[where] {
						t.Errorf("%s in %s: a statement is made of %s: bind it to a parameter", where.function,
							where.file, source)
						continue
					}
					exceptions++
				}
			}
		}
	}
	if found < 50 || exceptions != len(composed) {
		t.Errorf("%d statements are run, %d of them composed, want %d of those: these are not the "+
			"sources of the program",
			found, exceptions, len(composed))
	}
}

// statements are what a file runs as SQL, with the functions that run it. One that runs what it is
// given is left out: its callers are looked at.
func statements(file *ast.File) iter.Seq2[ast.Decl, ast.Expr] {
	return func(yield func(ast.Decl, ast.Expr) bool) {
		for _, declared := range file.Decls {
			if _, handsOn := executors[functionName(declared)]; handsOn {
				continue
			}
			for node := range ast.Preorder(declared) {
				if text := statementOf(node); text != nil && !yield(declared, text) {
					return
				}
			}
		}
	}
}

// functionName is empty for what is declared and is no function.
func functionName(declared ast.Decl) string {
	if function, ok := declared.(*ast.FuncDecl); ok {
		return function.Name.Name
	}
	return ""
}

// definition returns what a variable of a function is set to, if that is said once, or the
// expression itself.
func definition(function ast.Decl, text ast.Expr) ast.Expr {
	variable, ok := text.(*ast.Ident)
	if !ok {
		return text
	}
	var set []ast.Expr
	for node := range ast.Preorder(function) {
		assigned, ok := node.(*ast.AssignStmt)
		if !ok || len(assigned.Lhs) != len(assigned.Rhs) {
			continue
		}
		for i, left := range assigned.Lhs {
			if name, ok := left.(*ast.Ident); ok && name.Name == variable.Name {
				set = append(set, assigned.Rhs[i])
			}
		}
	}
	if len(set) != 1 {
		return text
	}
	return set[0]
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
	// that of generated code: a context and a connection
	if at == 0 && len(call.Args) > 1 && name == "Prepare" {
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
func constantsOf(pkg map[string]*ast.File) map[string]bool {
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

// packages parses the sources below a directory of the project, without tests: files by their
// names, in packages by theirs.
func packages(t *testing.T, directory string) map[string]map[string]*ast.File {
	t.Helper()
	list := map[string]map[string]*ast.File{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(filepath.Join(root, directory),
		func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") ||
				strings.HasSuffix(path, "_test.go") {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil || filepath.Base(filepath.Dir(name)) == "repotest" {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			pkg := filepath.Dir(name)
			if list[pkg] == nil {
				list[pkg] = map[string]*ast.File{}
			}
			list[pkg][filepath.ToSlash(name)] = file
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
