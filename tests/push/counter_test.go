package push

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"
)

// counter is a receiver that counts what it takes, and keeps nothing.
type counter struct {
	url     string
	zstd    bool          // it takes VictoriaMetrics' own packing of messages
	away    time.Duration // how long a request and its answer are under way
	want    int           // samples
	arrived chan struct{} // closed when so many have come

	mu             sync.Mutex
	open           bool
	samples, posts int
	bytes          int64
	first          time.Time // when the first message came
	took           time.Duration
	failed         error
}

// count starts a counter of samples that is not open yet. The test ends it.
func count(t testing.TB, c *counter) {
	t.Helper()
	c.arrived = make(chan struct{})
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL + writePath
}

// ServeHTTP takes a message.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	encoding := r.Header.Get("Content-Encoding")
	switch {
	case r.URL.Path != writePath: // it answers no queries
		w.WriteHeader(http.StatusNotFound)
		return
	case !c.isOpen():
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case encoding == "zstd" && !c.zstd:
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(r.Body)
	<-time.After(c.away)
	samples := 0
	if err == nil {
		samples, err = samplesIn(body, encoding)
	}
	c.add(samples, len(body), err)
	w.WriteHeader(http.StatusNoContent)
}

func (c *counter) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open && c.first.IsZero() {
		c.first = time.Now()
	}
	return c.open
}

// takes lets it take what comes.
func (c *counter) takes() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = true
}

func (c *counter) add(samples, size int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.samples
	c.samples += samples
	c.bytes += int64(size)
	c.posts++
	c.failed = errors.Join(c.failed, err)
	if before < c.want && c.samples >= c.want {
		c.took = time.Since(c.first)
		close(c.arrived)
	}
}

// unpackZstd is safe for several goroutines.
var unpackZstd, _ = zstd.NewReader(nil)

// samplesIn counts the samples of a message: fields 2 of the fields 1.
func samplesIn(body []byte, encoding string) (samples int, err error) {
	switch encoding {
	case "snappy":
		body, err = snappy.Decode(nil, body)
	case "zstd":
		body, err = unpackZstd.DecodeAll(body, nil)
	default:
		err = fmt.Errorf("what is %q?", encoding)
	}
	if err != nil {
		return 0, err
	}
	err = fields(body, 1, func(series []byte) error {
		return fields(series, 2, func([]byte) error {
			samples++
			return nil
		})
	})
	return samples, err
}

// fields calls f for each field of a message that has a number.
func fields(message []byte, wanted protowire.Number, f func([]byte) error) error {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return protowire.ParseError(size)
		}
		message = message[size:]
		if number != wanted || kind != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(number, kind, message); size < 0 {
				return protowire.ParseError(size)
			}
			message = message[size:]
			continue
		}
		value, size := protowire.ConsumeBytes(message)
		if size < 0 {
			return protowire.ParseError(size)
		}
		if err := f(value); err != nil {
			return err
		}
		message = message[size:]
	}
	return nil
}
