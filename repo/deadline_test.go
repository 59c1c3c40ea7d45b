package repo_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A reader that reads a page and never comes back holds the WAL and a connection for a minute and
// no longer.
func TestViewEndsUnderItsReader(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, path)
		series := newSeries("rtt")
		add(t, w, every(1, start, start+20_001, series)...)
		r := openReader(t, path)
		salt := walSalt(t, path)
		next := start + 30_000
		restarts := func() bool {
			checkpoint(t, w)
			next++
			add(t, w, repo.Sample{Series: series, TS: next})
			return walSalt(t, path) != salt
		}
		begun := make(chan struct{})
		goOn := make(chan struct{})
		ended := make(chan error, 1)
		go func() { ended <- readHaltingly(t, r, begun, goOn) }()
		<-begun
		time.Sleep(repo.ReadLimit - time.Second)
		synctest.Wait()
		if restarts() {
			t.Error("the WAL restarted under a reader that has time left")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !restarts() {
			t.Error("the WAL did not restart: a reader that sleeps still holds it")
		}
		close(goOn)
		err := <-ended
		if !errors.Is(err, repo.ErrReadTooLong) ||
			!strings.HasSuffix(err.Error(), ": ask for a shorter range") {
			t.Errorf("the reader got error %v", err)
		}
	})
}

// readHaltingly reads the first row of all, and goes on when it is told to.
func readHaltingly(
	t *testing.T, r *repo.Reader, begun chan<- struct{}, goOn <-chan struct{},
) error {
	t.Helper()
	snapshot, err := r.Snapshot(t.Context())
	if err != nil {
		return err
	}
	defer snapshot.Close()
	span := repo.Span{From: start, Until: start + 20_001}
	rows := 0
	for _, err := range snapshot.Scan(snapshot.Context(), repo.Raw, snapshot.Series, span) {
		if err != nil {
			return err
		}
		if rows++; rows == 1 {
			close(begun)
			<-goOn
		}
	}
	return nil
}

// A reader that waits for a connection behind slower ones has all of its time still.
func TestReadLimitBeginsWithAConnection(t *testing.T) {
	path := oneSample(t)
	synctest.Test(t, func(t *testing.T) {
		r := openReader(t, path)
		for range 4 { // all connections, until their time is over
			snapshot, err := r.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer snapshot.Close()
		}
		snapshot, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer snapshot.Close()
		time.Sleep(repo.ReadLimit - time.Second)
		if _, err := snapshot.Newest(snapshot.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Where readers have kept the WAL from restarting for long, a view ends soon.
func TestViewEndsWhileTheWALIsLarge(t *testing.T) {
	path := oneSample(t)
	w := open(t, path)
	add(t, w, repo.Sample{Series: newSeries("rtt"), TS: start + 1})
	synctest.Test(t, func(t *testing.T) {
		r := openReader(t, path)
		snapshot, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer snapshot.Close()
		time.Sleep(2 * repo.CrowdedReadLimit)
		synctest.Wait()
		if _, err := snapshot.Newest(snapshot.Context()); err != nil {
			t.Error(err)
		}
		// what follows is not valid, and overwritten in time
		if err := os.Truncate(path+"-wal", repo.CrowdedWAL+1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(repo.CrowdedReadLimit)
		synctest.Wait()
		if _, err := snapshot.Newest(snapshot.Context()); !errors.Is(err, repo.ErrReadTooLong) {
			t.Errorf("read: %v, want %v", err, repo.ErrReadTooLong)
		}
	})
}
