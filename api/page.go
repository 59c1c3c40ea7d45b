package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"

	"github.com/wanstore/wanstore/internal/web"
)

//go:embed page/*.html page/*.css page/*.js page/vendor/*.js
var pageFiles embed.FS

// asset is a file of the page.
type asset struct {
	content     []byte
	contentType string
	tag         string
}

// pageAssets returns the files of the page by their paths in URLs: page/page.css. Its modules are
// one of them, so that the browser asks once: page/page.js.
func pageAssets() map[string]asset {
	modules := joinModules(pageFiles, "page/main.js")
	assets := map[string]asset{"page/page.js": newAsset("page/page.js", modules)}
	err := fs.WalkDir(pageFiles, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Dir(name) == "page" && path.Ext(name) == ".js" {
			return err
		}
		content, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		assets[name] = newAsset(name, content)
		return nil
	})
	if err != nil { // they are in the program
		panic(err)
	}
	return assets
}

func newAsset(name string, content []byte) asset {
	sum := sha256.Sum256(content)
	// Weak, because the same file is sent plain and compressed.
	tag := `W/"` + hex.EncodeToString(sum[:8]) + `"`
	return asset{content: content, contentType: contentTypeOf(name), tag: tag}
}

// contentTypeOf knows the types itself: those of package mime are whatever the machine's own list
// says.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	default:
		return "text/javascript; charset=utf-8"
	}
}

// servePage answers with the page, and servePageFile with what it is made of. Neither has any data
// in it.
func (a *API) servePage(w http.ResponseWriter, r *http.Request) {
	a.serveAsset(w, r, "page/index.html")
}

func (a *API) servePageFile(w http.ResponseWriter, r *http.Request) {
	a.serveAsset(w, r, r.URL.Path[1:])
}

func (a *API) serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	file, ok := a.assets[name]
	if !ok {
		a.serveNothing(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("ETag", file.tag)
	// kept, and asked about each time: a new version of the program has a new page
	header.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.content))
}

// serveNothing answers where there is nothing.
func (a *API) serveNothing(w http.ResponseWriter, r *http.Request) {
	a.refuse(w, r,
		failed(http.StatusNotFound,
			"there is nothing at "+web.Shown(r.URL.Path)+": want /, "+historyPath+", /metrics or /health"))
}
