package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/version"
	"github.com/wanstore/wanstore/promql/httpapi"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// listenFlag is the flag that says where to answer HTTP. The token has none: anybody who lists
// processes reads their flags.
const listenFlag = "listen"

func addListenFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().String(listenFlag, "", usage)
}

// configureServer is configure for a command that answers HTTP and sends the history as well.
func configureServer(cmd *cobra.Command) (service.Config, api.Config, push.Config, error) {
	overrides := readSettingFlags(cmd)
	warnOfUnknownVariables(cmd)
	config, err := service.ConfigFromEnv(overrides)
	httpConfig, httpErr := api.ConfigFromEnv(overrides)
	pushConfig, pushErr := push.ConfigFromEnv(overrides)
	return config, httpConfig, pushConfig, joinConfigErrors(joinConfigErrors(err, httpErr), pushErr)
}

// joinConfigErrors makes one list of all that is wrong with two configurations.
func joinConfigErrors(one, other error) error {
	first, isOne := errors.AsType[service.ConfigErrors](one)
	second, isOther := errors.AsType[service.ConfigErrors](other)
	if isOne && isOther {
		return slices.Concat(first, second)
	}
	return errors.Join(one, other)
}

// listenIfAsked returns nil where neither the flag nor the environment says where to listen.
func listenIfAsked(ctx context.Context, config api.Config) (net.Listener, error) {
	if config.Listen == "" {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	return listen(ctx, config)
}

// listen is api.Listen, and says where a token goes and what to do where an address cannot be had.
func listen(ctx context.Context, config api.Config) (net.Listener, error) {
	listener, err := api.Listen(ctx, config)
	problems, ok := errors.AsType[service.ConfigErrors](err)
	switch {
	case ok && errors.Is(err, api.ErrNoToken):
		problems[0].Want += ", in $" + api.EnvPrefix + "TOKEN"
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%w (--%s names another; port 0 is any that is free)", err, listenFlag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%w: it is not of this machine", err)
	}
	return listener, err
}

// endpoint is an API that is answered at a listener.
type endpoint struct {
	api      *api.API
	listener net.Listener
}

// newEndpoint answers from the file at path, which a writer of this process may be writing.
func newEndpoint(
	listener net.Listener, config api.Config, path string, writer *service.Writer, log *slog.Logger,
) *endpoint {
	answers := api.New(api.Options{
		Path: path, Writer: writer, Token: config.Token, Origin: config.Origin, Logger: log,
	})
	answers.Mount(api.Mount{
		Path: httpapi.Path, MaxForm: httpapi.MaxForm, Refuse: httpapi.Refuse,
		Handler: httpapi.New(answers.Read, httpapi.Options{Logger: log}),
	})
	return &endpoint{listener: listener, api: answers}
}

// startLine is what a program is told that starts this one, once it answers.
type startLine struct {
	URL     string `json:"url"`
	Path    string `json:"path"` // of the history
	PID     int    `json:"pid"`
	Version string `json:"version,omitempty"` // empty where nothing tells
}

// writeStart writes the start line.
func (e *endpoint) writeStart(out io.Writer, path string) error {
	encoder := json.NewEncoder(out) // of one line: a program reads it while this one goes on
	encoder.SetEscapeHTML(false)
	return encoder.Encode(startLine{e.url(), absolute(path), os.Getpid(), version.Read().Version})
}

func (e *endpoint) url() string { return "http://" + e.listener.Addr().String() + "/" }

// close closes what was never served.
func (e *endpoint) close() error { return errors.Join(e.listener.Close(), e.api.Close()) }

// serve answers until ctx is done, and then closes the file.
func (e *endpoint) serve(ctx context.Context) error {
	return errors.Join(e.api.Serve(ctx, e.listener), e.api.Close())
}
