package push

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/wanstore/wanstore/internal/version"
)

// connect returns what sends to the receiver of a configuration, and what asks it. They have a
// connection each. When the receiver ends that of the first, ended is called.
func connect(config Config, now func() time.Time, ended func()) (poster, asker, error) {
	sending, err := newTransport(config)
	if err != nil {
		return poster{}, asker{}, err
	}
	asking := sending.Clone()
	dial := sending.DialContext
	sending.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watched{conn, ended}, nil
	}
	header, err := config.header()
	each := headers{config: config, last: header}
	return poster{
		client: newClient(sending), url: config.URL, header: each.next, now: now, limit: postLimit,
	}, asker{newClient(asking), config.queryURL(), each.next}, err
}

func newTransport(config Config) (*http.Transport, error) {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1,
		MaxConnsPerHost:       1,
		IdleConnTimeout:       2 * time.Minute,
		ResponseHeaderTimeout: postLimit,
	}
	if config.CAFile == "" {
		return transport, nil
	}
	pool, err := readCertificates(config.CAFile)
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	return transport, err
}

// watched is a connection that tells when the other side ends it, also while nobody waits for
// anything: an HTTP client always reads.
type watched struct {
	net.Conn
	ended func()
}

// Read reads from the connection.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
		w.ended()
	}
	return n, err
}

// headers are those of the requests of a sender. Its files are read for each one, since a token is
// replaced before it ends.
type headers struct {
	config Config

	mu   sync.Mutex
	last http.Header
}

// next returns the headers of the next request. A file that cannot be read leaves those of the last
// one, and the receiver says whether they still hold.
func (h *headers) next() http.Header {
	h.mu.Lock()
	defer h.mu.Unlock()
	if header, err := h.config.header(); err == nil {
		h.last = header
	}
	return h.last.Clone()
}

// header returns the headers of every request.
func (c Config) header() (http.Header, error) {
	header := http.Header{"User-Agent": {"wanstore/" + version.Read().Version}}
	for name, value := range c.Headers {
		header.Set(name, value)
	}
	if c.TokenFile != "" {
		token, err := readSecret(c.TokenFile)
		if err != nil {
			return nil, err
		}
		header.Set("Authorization", "Bearer "+token)
	}
	if c.BasicFile != "" {
		pair, err := readSecret(c.BasicFile)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(pair, ":") {
			return nil, fmt.Errorf("%s: want one line with USER:PASSWORD", c.BasicFile)
		}
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return header, nil
}

// readSecret reads the one line of a file.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s: want a file of one line", path)
	}
	return secret, nil
}

func readCertificates(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: %w", path, errNoCertificate)
	}
	return pool, nil
}

var errNoCertificate = errors.New("want certificates as PEM")
