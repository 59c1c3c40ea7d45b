package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
)

const (
	// healthLimit is how long a health check waits. The answer takes three seconds at most.
	healthLimit = 10 * time.Second

	healthPath = "/health"

	// maxHealthAnswer is more than the longest answer.
	maxHealthAnswer = 1 << 20
)

func newHealth() *cobra.Command {
	return &cobra.Command{
		Use:   "health [URL]",
		Short: "Ask a running wanstore whether all is well",
		Long: fmt.Sprintf(`
Ask a wanstore that answers HTTP ("serve", or "record --listen") for its health. The exit code is 0
if it answers within %s that all is well. The command is meant for supervisors, and for containers
that have no other program in them.

Without a URL it asks this machine, at $%sLISTEN or %s.`,
			healthLimit, api.EnvPrefix, api.DefaultListen),
		Example: `  wanstore health
  wanstore health http://router.lan:9101`,
		Args: oneURL,
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := healthURL(args)
			if err != nil {
				return usage(cmd, err)
			}
			if err := askHealth(cmd.Context(), at); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return nil
		},
	}
}

func oneURL(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("unexpected argument %q", args[1])
	}
	return nil
}

// healthURL is where to ask: of the server that is named, or of that of this machine.
func healthURL(args []string) (*url.URL, error) {
	if len(args) > 0 {
		return serverHealth(args[0])
	}
	config, err := api.ConfigFromEnv(nil)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(cmp.Or(config.Listen, api.DefaultListen))
	if err != nil {
		return nil, err
	}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, here as well
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: healthPath}, nil
}

// serverHealth is where to ask a server for its health. Its scheme may be left out.
func serverHealth(server string) (*url.URL, error) {
	text := server
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" ||
		at.RawQuery != "" || at.Fragment != "" {
		return nil, fmt.Errorf("%q is not a server: want HOST:PORT or http://HOST:PORT", server)
	}
	return at.JoinPath(healthPath), nil
}

// askHealth returns an error with all that is wrong.
func askHealth(ctx context.Context, at *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return err
	}
	asked := at.Redacted()
	response, err := http.DefaultClient.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s: %w: nothing answers there", asked, syscall.ECONNREFUSED)
	}
	if err != nil {
		return err // it names the URL
	}
	defer response.Body.Close()
	var answer struct {
		Status  string `json:"status"`
		Reasons []struct {
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"reasons"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxHealthAnswer)).Decode(&answer)
	if err != nil || answer.Status == "" {
		return fmt.Errorf("%s: %s is not the answer of a wanstore", asked, response.Status)
	}
	if response.StatusCode == http.StatusOK {
		return nil
	}
	problems := []error{fmt.Errorf("%s: %s", asked, answer.Status)}
	for _, reason := range answer.Reasons {
		problems = append(problems, fmt.Errorf("%s: %s", reason.Reason, reason.Message))
	}
	return errors.Join(problems...)
}
