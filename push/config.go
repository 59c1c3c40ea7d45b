package push

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wanstore/wanstore/service"
)

// Order says what of a backlog goes first.
type Order string

// The orders.
const (
	NewestFirst Order = "newest-first" // the newest bucket, then the oldest ones
	OldestFirst Order = "oldest-first" // for a receiver that takes nothing older than it has
)

// NoQuery is what Config.Query has for a target that cannot be asked what it has.
const NoQuery = "none"

// Config configures a sender. URL and Site must be there. Any other field may be zero, which
// leaves it at what DefaultConfig has.
type Config struct {
	// URL is where the receiver takes remote write.
	URL string `env:"URL"`
	// Query is where the receiver answers instant queries, for the audit, or NoQuery. By default it
	// is URL with api/v1/query in place of api/v1/write, and /select/ in place of /insert/, and
	// where nothing can be asked there, acknowledgements count.
	Query string `env:"QUERY"`
	// Site is the value of the label site of every series: the names of hosts repeat.
	Site string `env:"SITE"`
	// Labels are added to every series.
	Labels map[string]string `env:"LABELS" envKeyValSeparator:"="`
	// Headers are added to every request, such as the tenant. They are not for secrets.
	Headers map[string]string `env:"HEADERS" envKeyValSeparator:"="`
	// TokenFile is a file with a bearer token.
	TokenFile string `env:"TOKEN_FILE"`
	// BasicFile is a file with USER:PASSWORD.
	BasicFile string `env:"BASIC_FILE"`
	// CAFile is a file with certificates (PEM) that vouch for the receiver, in place of the
	// system's.
	CAFile string `env:"CA_FILE"`
	// Granularity is that of the buckets that are sent: 1m, 5m, 1h, or raw for the samples.
	Granularity string `env:"GRANULARITY"`
	// Settle is how long after its end a bucket is sent.
	Settle time.Duration `env:"SETTLE"`
	// BatchSize is how many samples a POST has.
	BatchSize int `env:"BATCH_SIZE"`
	// ReplayRate is how many samples a second of a backlog are sent.
	ReplayRate int `env:"REPLAY_RATE"`
	// Order is NewestFirst or OldestFirst.
	Order Order `env:"ORDER"`
	// Suffix stands before the endings of the metrics that are made of one, such as _min.
	Suffix string `env:"SUFFIX"`
	// Percentiles sends those of 50, 95 and 99, too.
	Percentiles bool `env:"PERCENTILES"`
}

// DefaultConfig returns what holds where nothing is configured.
func DefaultConfig() Config {
	return Config{
		Granularity: service.Minute.String(),
		Settle:      service.DefaultConfig().Grace + time.Minute,
		BatchSize:   2_000,
		ReplayRate:  100_000,
		Order:       NewestFirst,
	}
}

// writePath ends the URLs at which Prometheus and VictoriaMetrics take remote write.
const writePath = "/api/v1/write"

// queryURL is where the target is asked, "" where it cannot be.
func (c Config) queryURL() string {
	switch {
	case c.Query == NoQuery:
		return ""
	case c.Query != "":
		return c.Query
	}
	at, err := url.Parse(c.URL)
	if err != nil || !strings.HasSuffix(at.Path, writePath) {
		return ""
	}
	at.Path = strings.TrimSuffix(at.Path, writePath) + "/api/v1/query"
	if tenant, ok := strings.CutPrefix(at.Path, "/insert/"); ok {
		at.Path = "/select/" + tenant // a VictoriaMetrics cluster
	}
	at.RawQuery = ""
	return at.String()
}

// fixed are the labels that every series gets, the site first.
func (c Config) fixed() []label {
	labels := []label{{siteLabel, c.Site}}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		labels = append(labels, label{name, c.Labels[name]})
	}
	return labels
}

// Target returns the name by which the file knows the receiver and what series are called there:
// whatever changes there, all is sent again.
func (c Config) Target() string {
	var labels []string
	for _, l := range c.fixed() {
		labels = append(labels, fmt.Sprintf("%s=%q", l.name, l.value))
	}
	target := fmt.Sprintf("%s {%s} %s", c.URL, strings.Join(labels, ","), c.Granularity)
	if c.Percentiles {
		target += " percentiles"
	}
	if c.Suffix != "" {
		target += " " + c.Suffix
	}
	if len(c.Headers) == 0 {
		return target
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		fmt.Fprintf(sum, "%q %q\n", strings.ToLower(name), c.Headers[name])
	}
	return target + " headers " + hex.EncodeToString(sum.Sum(nil)[:4])
}

// checkURL says what is wanted of a text that is no URL to send to, "" for one that is.
func checkURL(text string) (want string) {
	at, err := url.Parse(text)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https":
		return "http://HOST or https://HOST and a path, such as " +
			"http://127.0.0.1:8428" + writePath
	case at.User != nil:
		return "no password: anybody who lists processes reads it, so it goes into a file"
	case at.Fragment != "":
		return "nothing behind a #"
	}
	return ""
}

// redacted is a URL without its password.
func redacted(text string) string {
	at, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return at.Redacted()
}

func isLabelName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && !strings.HasPrefix(name, "__")
}

// ownHeaders are not to be configured: the sender, or HTTP, has its own.
var ownHeaders = []string{
	"Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Host",
	"Transfer-Encoding", writeVersionHeader,
}

// checkHeader says what is wanted of a header that is configured wrongly, "" for one that is not.
func (c Config) checkHeader(name string) (want string) {
	own := http.CanonicalHeaderKey(name)
	switch {
	case !isHeaderName(name) || strings.ContainsFunc(c.Headers[name], unicode.IsControl):
		return "NAME=VALUE, the name of letters, digits, - and _"
	case own == "Authorization":
		return "no password: anybody who lists processes reads it, so it goes into a file, which " +
			"--token-file or --basic-file names"
	case slices.Contains(ownHeaders, own):
		return "none that the sender sets itself: " + strings.Join(ownHeaders, ", ")
	}
	for other := range c.Headers {
		if other < name && http.CanonicalHeaderKey(other) == own {
			return "each header once"
		}
	}
	return ""
}

func isHeaderName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		return !letter && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}
