package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// verdict is what became of a POST.
type verdict uint8

const (
	taken    verdict = iota
	lost             // transport failed: the receiver may be gone, and what it had in memory with it
	busy             // to be tried again later, as the receiver says (429) or as it cannot say
	failing          // 5xx: the receiver is in trouble, or has trouble with these samples
	rejected         // 4xx: there is something in it that the receiver does not take
	barred           // 401, 403, 404: nothing is taken, whatever is sent
	strange          // an answer that a receiver of remote write does not give, such as a redirect
)

var verdictNames = [...]string{
	taken: "taken", lost: "transport", busy: "busy", failing: "server error", rejected: "rejected",
	barred: "barred", strange: "unexpected answer",
}

// String names the verdict, for metrics and logs.
func (v verdict) String() string { return verdictNames[v] }

// cause names the verdict as labels do.
func (v verdict) cause() string { return strings.ReplaceAll(v.String(), " ", "_") }

// answer is what a receiver has answered.
type answer struct {
	verdict   verdict
	ofSamples bool          // it is rejected by a status that is meant for samples
	words     string        // its own, or the error of the transport
	wait      time.Duration // it asks to wait so long, 0 if it does not
	gone      bool          // what it had in memory may be gone
}

const (
	// postLimit is how long one POST may take.
	postLimit = 30 * time.Second

	// maxWords is how much of an answer is read and kept.
	maxWords = 300

	// longestWait bounds what a receiver may ask for.
	longestWait = 10 * time.Minute
)

// writeVersionHeader names the version of remote write.
const writeVersionHeader = "X-Prometheus-Remote-Write-Version"

// poster sends bodies to one receiver.
type poster struct {
	client *http.Client
	url    string
	header func() http.Header // of the next request
	now    func() time.Time
	limit  time.Duration // of one POST
}

// post sends a body and returns what the receiver has answered.
func (p *poster) post(ctx context.Context, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return answer{verdict: strange, words: err.Error()}
	}
	request.Header = p.header()
	request.Header.Set("Content-Encoding", "snappy")
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set(writeVersionHeader, "0.1.0")
	response, err := p.client.Do(request)
	if err != nil {
		return answer{verdict: lost, words: transportWords(err), gone: true}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxWords))
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	}
	if err != nil { // an answer that is cut off acknowledges nothing
		return answer{verdict: lost, words: transportWords(err), gone: true}
	}
	return answer{
		verdict:   judge(response.StatusCode),
		ofSamples: slices.Contains(ofSamples, response.StatusCode),
		words:     strings.TrimSpace(response.Status + ": " + plain(string(text))),
		wait:      retryAfter(response.Header.Get("Retry-After"), p.now()),
		// A proxy before it says so.
		gone: response.StatusCode >= 502 && response.StatusCode <= 504,
	}
}

// ofSamples are the statuses by which receivers refuse samples. Any other of 4xx may as well be
// meant for the sender: a proxy answers so whatever it is sent.
var ofSamples = []int{
	http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge,
	http.StatusUnprocessableEntity,
}

// judge tells what a status means.
func judge(status int) verdict {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return barred
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return busy
	}
	switch {
	case status >= 200 && status < 300:
		return taken
	case status >= 400 && status < 500:
		return rejected
	case status >= 500 && status < 600:
		return failing
	}
	return strange
}

// retryAfter returns how long a receiver asks to wait, in seconds or until a date.
func retryAfter(text string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(min(seconds, int(longestWait/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), longestWait)
}

// transportWords returns an error of the transport without the URL, which may have a password.
func transportWords(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return plain(err.Error())
}

// plain returns a text as one line that a terminal can show.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	return clamp(strings.TrimSpace(text), maxWords)
}

// newClient returns a client that follows no redirect: a POST that is sent elsewhere, or turned
// into a GET, would be acknowledged by somebody else.
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// String is the answer for logs.
func (a answer) String() string { return fmt.Sprintf("%s: %s", a.verdict, a.words) }
