package plaintools

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// The shell of SQLite opens, checkpoints, vacuums and closes a history beside its recorder, which
// keeps its lock all the time: nobody gets at the file by another name.
func TestOtherNameBesideAShell(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("names are not locked on this system")
	}
	w := beside(t)
	link := w.path + ".link"
	must(t, os.Link(w.path, link))
	long := w.shell.open(t, w.path)
	defer long.kill()
	long.ask(t, "SELECT count(*) FROM series;")
	for _, one := range append(checkpoints(), tool{name: "vacuum", use: script("VACUUM;")}) {
		one.use(t, w)
		w.recorder.await(t, 1)
		h, err := service.OpenHistory(t.Context(), link)
		if !errors.Is(err, service.ErrOtherName) {
			t.Errorf("after %s: got error %v, want %v", one.name, err, service.ErrOtherName)
		}
		if err == nil {
			must(t, h.Close())
		}
	}
	long.close(t)
	must(t, os.Remove(link))
	w.finish(t)
}
