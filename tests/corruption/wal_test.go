package corruption

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

const commits = 40

// counted returns how many samples of add a history has, and fails the test if they are not the
// first ones.
func counted(t *testing.T, path string) int {
	t.Helper()
	rows := filetest.Query(t, path, "SELECT value FROM "+filetest.RawSamples+
		" JOIN series ON id = series_id WHERE metric_name = 'counter' ORDER BY ts")
	for i, row := range rows {
		if row[0] != float64(i) {
			t.Fatalf("sample %d is %v, want %d: there is a hole", i, row[0], i)
		}
	}
	return len(rows)
}

// A damaged WAL is followed up to the damage: what was committed before is there, nothing else is
// wrong, and the log says that something is lost unless the damage lies in the last commit.
func TestFlippedWAL(t *testing.T) {
	random := filetest.Random(t)
	left, _ := killed(t)
	const frame = 24 + pageSize
	frames := 0 // those behind them are of an earlier generation
	for wal := left["-wal"]; 32+(frames+1)*frame <= len(wal) &&
		string(wal[32+frames*frame+8:][:8]) == string(wal[16:24]); frames++ {
		continue
	}
	places := []int{random.IntN(8), 8 + random.IntN(4), 12 + random.IntN(20)}
	for n := 0; n < frames; n += max(1, frames/30) {
		places = append(places, 32+n*frame+random.IntN(24), 32+n*frame+24+random.IntN(pageSize))
	}
	for _, place := range places {
		damaged := left.clone()
		flip(random, damaged["-wal"], place)
		delete(damaged, "-shm")
		path := damaged.put(t)
		lines, logger := newLogged()
		w := openWith(t, service.Config{DBPath: path}, service.Options{Logger: logger})
		got := counted(t, path)
		if got%3 != 0 {
			t.Errorf("byte %d: %d samples, want whole commits of 3", place, got)
		}
		if w.Status().Quarantines > 0 {
			t.Errorf("byte %d: the file is sound, and was moved aside", place)
		}
		if last := frames - 1; got < 3*commits && place < 32+(last-5)*frame {
			lines.saw(t, "the WAL is damaged")
		}
		must(t, w.Close(t.Context()))
		if t.Failed() {
			t.Fatalf("byte %d, in frame %d of %d", place, (place-32)/frame, frames)
		}
	}
}

func TestTornWAL(t *testing.T) {
	random := filetest.Random(t)
	left, _ := killed(t)
	for range 30 {
		damaged := left.clone()
		damaged["-wal"] = damaged["-wal"][:random.IntN(len(damaged["-wal"]))]
		path := damaged.put(t)
		w := open(t, path)
		if got := counted(t, path); got%3 != 0 {
			t.Errorf("%d samples, want whole commits of 3", got)
		}
		must(t, w.Close(t.Context()))
		must(t, filetest.Check(path))
	}
}

// Where the WAL of a killed program is gone, what is in the file is read. Nobody is told: a plain
// SQLite that was the last to close the file has taken the WAL in, and that looks the same.
func TestMissingWAL(t *testing.T) {
	left, _ := killed(t)
	delete(left, "-wal")
	delete(left, "-shm")
	lines, logger := newLogged()
	path := left.put(t)
	w := openWith(t, service.Config{DBPath: path}, service.Options{Logger: logger})
	lines.saw(t)
	must(t, w.Close(t.Context()))
	must(t, filetest.Check(path))
}

// A WAL that lies there without its file is neither applied to a new one nor deleted.
func TestWALAlone(t *testing.T) {
	left, _ := killed(t)
	for name, file := range map[string][]byte{"no file": nil, "empty file": {}} {
		t.Run(name, func(t *testing.T) {
			alone := left.clone()
			alone[""] = file
			path := alone.put(t)
			if file == nil {
				must(t, os.Remove(path))
			}
			if lines, err := tryRead(t.Context(), path); err == nil {
				t.Errorf("read without an error: %v", lines)
			}
			w := open(t, path)
			add(t, w, 1)
			must(t, w.Close(t.Context()))
			if got := counted(t, path); got != 3 {
				t.Errorf("%d samples in the new file, want 3", got)
			}
			files, err := service.Quarantined(path)
			must(t, err)
			if len(files) != 1 {
				t.Fatalf("quarantined files %v, want one", files)
			}
			got, err := os.ReadFile(files[0] + "-wal")
			must(t, err)
			if !slices.Equal(got, left["-wal"]) {
				t.Error("the WAL is not what it was")
			}
		})
	}
}

// The WAL of another history, of another database, and noise.
func TestForeignWAL(t *testing.T) {
	random := filetest.Random(t)
	whole, want := closed(t)
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, wal := range map[string][]byte{"noise": noise, "another program": foreignWAL(t),
		"another history": otherHistory(t)} {
		t.Run(name, func(t *testing.T) {
			damaged := whole.clone()
			damaged["-wal"] = wal
			path := damaged.put(t)
			if name == "noise" { // which SQLite knows not to be a WAL
				readsRightOrTells(t, path, want)
				if goesOn(t, path, want) {
					t.Error("the file is sound, and was moved aside")
				}
				return
			}
			if !goesOn(t, path, want) {
				t.Error("recording goes on in the file")
			}
		})
	}
}

// foreignWAL is the WAL of a database of another program.
func foreignWAL(t *testing.T) []byte {
	t.Helper()
	d := filetest.NewWanctlDB(t)
	d.Add(filetest.WanctlRow{Second: 1, WAN: "spectrum", Metric: "rtt", Granularity: "raw"})
	wal, err := os.ReadFile(d.Path + "-wal")
	must(t, err)
	return wal
}

// otherHistory is the WAL of a history that has not taken much of that in.
func otherHistory(t *testing.T) []byte {
	t.Helper()
	path := filetest.Path(t)
	w := openWith(t, service.Config{DBPath: path},
		service.Options{Logger: slog.New(slog.DiscardHandler)})
	add(t, w, 1)
	maintain(t, w)
	s, err := w.Series("stranger", strings.Repeat("y", 40), nil)
	must(t, err)
	for i := range 50 {
		must(t, w.Write(t.Context(),
			service.Sample{Series: s, Time: begin.Add(time.Duration(i) * time.Minute), Value: 1}))
	}
	return take(t, path)["-wal"]
}

// What an index of the WAL says after a kill is rebuilt.
func TestIndexOfNoise(t *testing.T) {
	random := filetest.Random(t)
	left, want := killed(t)
	for range 10 {
		damaged := left.clone()
		damaged["-shm"] = make([]byte, random.IntN(3*32768))
		for i := range damaged["-shm"] {
			damaged["-shm"][i] = byte(random.Uint32())
		}
		path := damaged.put(t)
		if !readsRightOrTells(t, path, want) {
			t.Error("a reader cannot do without the index")
		}
		if goesOn(t, path, want) {
			t.Error("the file is sound, and was moved aside")
		}
	}
}

// A plain SQLite that is the last to close a history takes its WAL in. Nothing is damaged by that,
// and nothing is told.
func TestWALTakenInByPlainSQLite(t *testing.T) {
	left, want := killed(t)
	delete(left, "-shm")
	path := left.put(t)
	look := exec.CommandContext(t.Context(), filetest.Shell(t), path,
		"SELECT count(*) FROM raw_blocks")
	out, err := look.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the WAL is there still: %v", err)
	}
	lines, logger := newLogged()
	w := openWith(t, service.Config{DBPath: path}, service.Options{Logger: logger})
	must(t, w.Close(t.Context()))
	lines.saw(t)
	if !readsRightOrTells(t, path, want) {
		t.Error("it cannot be read")
	}
	if goesOn(t, path, want) {
		t.Error("it was moved aside")
	}
}
