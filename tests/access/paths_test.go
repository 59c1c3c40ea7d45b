package access

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// oddNames are names of files, each of which means something else to SQLite, to a URL, to a shell
// or to a database.
func oddNames() []string {
	return []string{
		"a?mode=memory", "a?vfs=nothing&immutable=1", "a#fragment", "a%20b", "a%00b", "a%", "a b", " a ",
		"a+b", "a&b=c;d", `a'b"c`, "a`$(b)`",
		"-a", "--db", ":memory:", "file:a.db", "file:a?mode=memory&cache=shared", "file::memory:",
		"é☎\u202e", "a\nb\tc", "a\xffb",
		`a\b`, "a'; DROP TABLE series; --", "a[1]*", "~", "$HOME", "C:a", "a.db-walk",
		strings.Repeat("x", 200),
	}
}

// Whatever a file is called, it is that file which is written, read, maintained, copied, imported
// from and served.
func TestOddNames(t *testing.T) {
	for i, name := range oddNames() {
		t.Run(name, func(t *testing.T) { testName(t, name, true) })
		if i%4 == 0 {
			t.Run("absolute "+name, func(t *testing.T) { testName(t, name, false) })
		}
	}
}

// A path of many directories is the file at its end, or refused: it is not cut.
func TestLongPath(t *testing.T) {
	directory := t.TempDir()
	for range 12 {
		directory = filepath.Join(directory, strings.Repeat("?d%", 20))
	}
	path := filepath.Join(directory, "history.db")
	record(t, path)
	wantFiles(t, directory, "history.db")
	if n := count(t, path); n != 1 {
		t.Errorf("%d samples, want 1", n)
	}
}

func testName(t *testing.T, name string, relative bool) {
	t.Helper()
	directory := t.TempDir()
	path := filepath.Join(directory, name)
	if relative {
		t.Chdir(directory)
		path = name
	}
	record(t, path)
	wantFiles(t, directory, name)
	if n := count(t, path); n != 1 {
		t.Errorf("%d samples, want 1", n)
	}

	elsewhere := t.TempDir()
	copied := filepath.Join(elsewhere, name)
	backUp(t, path, copied)
	wantFiles(t, elsewhere, name)
	importInto(t, copied, name)
	wantFiles(t, elsewhere, name)
	if n := count(t, copied); n != 2 {
		t.Errorf("%d samples in the copy after the import, want 2", n)
	}
	serve(t, path)
	if n := count(t, path); n != 1 {
		t.Errorf("%d samples, want 1", n)
	}
	for _, file := range []string{filepath.Join(directory, name), copied} {
		if err := filetest.Check(file); err != nil {
			t.Error(err)
		}
	}
}

func open(t *testing.T, path string) *service.Writer {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path},
		service.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func shut(t *testing.T, w *service.Writer) {
	t.Helper()
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// record records one sample and maintains the file.
func record(t *testing.T, path string) {
	t.Helper()
	w := open(t, path)
	defer shut(t, w)
	series, err := w.Series(service.RTT, "cable", nil)
	if err != nil {
		t.Fatal(err)
	}
	sample := service.Sample{Series: series, Time: time.Now(), Value: 1}
	if err := w.Write(t.Context(), sample); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// count returns how many samples a history has.
func count(t *testing.T, path string) (n int64) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for point, err := range h.Range(t.Context(),
		service.Query{From: time.Unix(0, 0), Until: time.Now().Add(time.Hour)}) {
		if err != nil {
			t.Fatal(err)
		}
		n += point.Count
	}
	return n
}

func backUp(t *testing.T, path, dest string) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Backup(t.Context(), dest)
	if err := errors.Join(err, h.Close()); err != nil {
		t.Fatal(err)
	}
}

// importInto imports one sample from a file of this name.
func importInto(t *testing.T, path, name string) {
	t.Helper()
	rows := filepath.Join(t.TempDir(), name)
	text := "timestamp_us,wan,metric,labels_json,value\n" +
		strconv.FormatInt(time.Now().UnixMicro(), 10) + ",lte,m,{},1\n"
	if err := os.WriteFile(rows, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, path)
	defer shut(t, w)
	if result, err := importer.CSV(t.Context(), w, rows, importer.Options{}); err != nil ||
		result.Stored != 1 {
		t.Errorf("import: %+v, %v", result, err)
	}
}

// serve asks for the one sample of a history over HTTP.
func serve(t *testing.T, path string) {
	t.Helper()
	a := api.New(api.Options{Path: path})
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer,
		httptest.NewRequest(http.MethodGet, "/metrics/history?range=1h", nil))
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	if answer.Code != http.StatusOK || !strings.Contains(string(body), `"total":1,`) {
		t.Errorf("%d %s", answer.Code, body)
	}
}

// wantFiles wants a history of this name in the directory, and no other files.
func wantFiles(t *testing.T, directory, name string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		own, suffixed := strings.CutPrefix(entry.Name(), name)
		if suffixed && (own == "-wal" || own == "-shm" || own == ".lock") {
			continue
		}
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff([]string{name}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
