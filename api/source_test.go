package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// fileOf makes a history at path with one sample of that value.
func fileOf(t *testing.T, path string, value float64) {
	t.Helper()
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: path},
		service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true})
	if err != nil {
		t.Fatal(err)
	}
	series, err := writer.Series(service.RTT, "cable", nil)
	if err == nil {
		err = writer.Write(t.Context(), service.Sample{Series: series, Time: time.Now(), Value: value})
	}
	if err := errors.Join(err, writer.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
}

// holds fails the test unless the answer is one sample of that value.
func holds(t *testing.T, a *api.API, value float64) {
	t.Helper()
	got := history(t, a, "/metrics/history?from=0")
	if len(got.Data) != 1 || got.Data[0].Values[0] != value {
		t.Errorf("%+v, want %v", got.Data, value)
	}
}

// What comes, goes and is replaced is followed without being told.
func TestFileThatComesAndGoes(t *testing.T) {
	path := filetest.Path(t)
	aside := filepath.Join(t.TempDir(), "aside.db")
	a := answering(t, api.Options{Path: path})
	away := func(reason error) {
		t.Helper()
		why := refusal(t, a, "/metrics/history", http.StatusServiceUnavailable)
		if !strings.Contains(why.Error.Message, reason.Error()) || why.Error.Parameter != "" {
			t.Errorf("%+v, want %v", why, reason)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	away(service.ErrMissing)
	must(os.WriteFile(path, nil, 0o600))
	away(service.ErrEmpty)
	must(os.WriteFile(path, []byte("this is not the kind of file that is wanted here at all, is it?"),
		0o600))
	away(service.ErrNotDatabase)
	must(os.Remove(path))
	must(os.Mkdir(path, 0o700))
	away(service.ErrDirectory)
	must(os.Remove(path))
	filetest.Exec(t, path, "CREATE TABLE mine (x)")
	away(service.ErrForeign)
	must(os.Remove(path))
	fileOf(t, path, 1)
	holds(t, a, 1)
	must(os.Rename(path, aside))
	away(service.ErrMissing)
	must(os.Rename(aside, path))
	holds(t, a, 1)
	fileOf(t, aside, 2)
	must(os.Rename(aside, path)) // over it, while it is open
	holds(t, a, 2)
	must(a.Close())
	why := refusal(t, a, "/metrics/history", http.StatusServiceUnavailable)
	if !strings.Contains(why.Error.Message, "closed") {
		t.Errorf("%+v", why)
	}
}

// A request made while the file is replaced gets the one or the other or, where there is none for a
// moment, 503.
func TestAskingWhileTheFileIsReplaced(t *testing.T) {
	path := filetest.Path(t)
	fileOf(t, path, 1)
	folder := t.TempDir()
	other := filepath.Join(folder, "other.db")
	fileOf(t, other, 1)
	a := answering(t, api.Options{Path: path})
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for ctx.Err() == nil {
				answer := ask(t, a, http.MethodGet, "/metrics/history?from=0")
				switch {
				case answer.Code == http.StatusOK && strings.Contains(answer.Body.String(), `"total":1`):
				case answer.Code == http.StatusServiceUnavailable:
				default:
					t.Errorf("%d %s", answer.Code, answer.Body)
				}
			}
		})
	}
	for range 50 {
		kept := filepath.Join(folder, "kept.db")
		err := errors.Join(os.Rename(path, kept), os.Rename(other, path), os.Rename(kept, other))
		if err != nil {
			t.Error(err)
		}
		history(t, a, "/metrics/history?from=0")
	}
	cancel()
	asking.Wait()
}

// A sound file that is copied over a damaged one is found, and until then health tells of the
// damage, wherever in the file it is.
func TestFileThatIsRestored(t *testing.T) {
	path := filetest.Path(t)
	fileOf(t, path, 1)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damaged := bytes.Clone(sound)
	for i := 1024; i < len(damaged); i++ { // all but what says what it is, and the schema's first page
		damaged[i] ^= 0x5a
	}
	a := answering(t, api.Options{Path: path})
	holds(t, a, 1)
	write(damaged)
	refusal(t, answering(t, api.Options{Path: path}), "/metrics/history?from=0",
		http.StatusServiceUnavailable)
	answer := ask(t, a, http.MethodGet, "/metrics/history?from=0")
	if answer.Code == http.StatusServiceUnavailable {
		if health := ask(t, a, http.MethodGet, "/health"); health.Code != http.StatusServiceUnavailable {
			t.Errorf("health is %d where points cannot be read", health.Code)
		}
	}
	write(sound)
	holds(t, a, 1)
	if health := ask(t, a, http.MethodGet, "/health"); health.Code != http.StatusOK {
		t.Errorf("health is %d %s after the file was restored", health.Code, health.Body)
	}
}
