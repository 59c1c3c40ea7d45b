package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/tests/internal/update"
)

// What is in each kind of package, who owns it, and which files are settings.
func TestContentsOfDeb(t *testing.T) {
	file := built(t, ".deb")
	need(t, "dpkg-deb")
	files := untar(t, strings.NewReader(run(t, "dpkg-deb", "--fsys-tarfile", file)))
	golden(t, "deb.txt", list(files)+"\nsettings:\n"+run(t, "dpkg-deb", "--info", file, "conffiles"))
	for field, want := range map[string]string{"Version": version, "Architecture": runtime.GOARCH} {
		if got := strings.TrimSpace(run(t, "dpkg-deb", "--field", file, field)); got != want {
			t.Errorf("%s %s, want %s", field, got, want)
		}
	}
}

func TestContentsOfRPM(t *testing.T) {
	file := built(t, ".rpm")
	need(t, "rpm")
	golden(t, "rpm.txt", run(t, "rpm", "--query", "--package", "--queryformat",
		`[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES} %{FILEFLAGS:fflags}\n]`, file))
}

func TestContentsOfIPK(t *testing.T) {
	parts := contents(untar(t, gunzip(t, read(t, built(t, ".ipk")))))
	if string(parts["debian-binary"]) != "2.0\n" {
		t.Errorf("debian-binary is %q", parts["debian-binary"])
	}
	control := contents(untar(t, gunzip(t, parts["control.tar.gz"])))
	files := untar(t, gunzip(t, parts["data.tar.gz"]))
	golden(t, "ipk.txt", list(files)+"\nsettings:\n"+string(control["conffiles"]))
	for _, line := range []string{"Package: wanstore", "Version: " + version, "Architecture: all"} {
		if !strings.Contains("\n"+string(control["control"]), "\n"+line+"\n") {
			t.Errorf("no %q in the description:\n%s", line, control["control"])
		}
	}
}

// The archive has one folder, and the program in it says what it was built from.
func TestContentsOfArchive(t *testing.T) {
	files := untar(t, gunzip(t, read(t, built(t, ".tar.gz"))))
	golden(t, "tar.txt", strings.ReplaceAll(list(files), runtime.GOARCH, "GOARCH"))

	program := filepath.Join(t.TempDir(), "wanstore")
	if err := os.WriteFile(program, contents(files)["wanstore"], 0o700); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(run(t, program, "version", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "sqlite")
	want := map[string]string{
		"version": version, "commit": commit, "commit_date": date,
		"go": runtime.Version(), "platform": "linux/" + runtime.GOARCH,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}

// Whoever builds a release again gets the same packages.
func TestSameBytes(t *testing.T) {
	first := filepath.Join(filepath.Dir(built(t, ".deb")), "SHA256SUMS")
	folder := t.TempDir()
	if err := build(folder); err != nil {
		t.Fatal(err)
	}
	want := string(read(t, first))
	again := string(read(t, filepath.Join(folder, "packages", "SHA256SUMS")))
	if diff := cmp.Diff(want, again); diff != "" || strings.Count(want, "\n") != 4 {
		t.Errorf("sums (-first +second):\n%s\n%s", diff, want)
	}
}

// entry is a file of an archive.
type entry struct {
	header *tar.Header
	data   []byte
}

func untar(t *testing.T, from io.Reader) []entry {
	t.Helper()
	var entries []entry
	for archive := tar.NewReader(from); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{header, data})
	}
}

// list is what an archive holds beside folders, a line each.
func list(entries []entry) string {
	var text strings.Builder
	for _, e := range entries {
		if e.header.Typeflag != tar.TypeDir {
			fmt.Fprintf(&text, "%s %d:%d %s\n", fs.FileMode(e.header.Mode), e.header.Uid, e.header.Gid,
				path.Clean(e.header.Name))
		}
	}
	return text.String()
}

// contents are the files of an archive by their last names.
func contents(entries []entry) map[string][]byte {
	files := map[string][]byte{}
	for _, e := range entries {
		files[path.Base(e.header.Name)] = e.data
	}
	return files
}

func gunzip(t *testing.T, data []byte) io.Reader {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return unzipped
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// subpages are the man pages of the commands: not every new command changes what a package is.
var subpages = regexp.MustCompile(`(?m)^.*/wanstore-\S+\.1(\.gz)? *\n`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = subpages.ReplaceAllString(got, "")
	update.Golden(t, filepath.Join("testdata", name), got)
}
