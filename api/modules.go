package api

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
)

// imports matches the imports of a module. The name of the file is the submatch.
var imports = regexp.MustCompile(`(?m)^import \{[^}]*\} from "\./([a-z]+\.js)";\n+`)

// joinModules makes one module of a module of the page and all that it imports, each behind those
// that it imports itself. They share one scope then, so each name of a module is to be unique.
func joinModules(files fs.FS, first string) []byte {
	var joined bytes.Buffer
	seen := map[string]bool{}
	var join func(name string)
	join = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		content, err := fs.ReadFile(files, name)
		if err != nil { // they are in the program
			panic(err)
		}
		for _, match := range imports.FindAllSubmatch(content, -1) {
			join(path.Join(path.Dir(name), string(match[1])))
		}
		joined.Write(imports.ReplaceAll(content, nil))
		joined.WriteByte('\n')
	}
	join(first)
	return joined.Bytes()
}
