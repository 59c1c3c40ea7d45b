package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/wanstore/wanstore/service"
)

// ErrNoToken reports that others than this machine could ask, and nothing would stop them.
var ErrNoToken = errors.New("listening beyond the loopback takes a token")

// Listen opens the address of the configuration, DefaultListen if it has none. Port 0 is any that
// is free: the listener knows which.
//
// Errors: service.ConfigErrors, with ErrNoToken where the address is not of the loopback alone and
// there is no token; that of ctx; and those of the network, such as an address that is in use.
func Listen(ctx context.Context, config Config) (net.Listener, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	address := config.Listen
	if address == "" {
		address = DefaultListen
	}
	resolved, local, err := resolve(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	if !local && config.Token == "" {
		return nil, fmt.Errorf("%w: %w", ErrNoToken, service.ConfigErrors{{
			Field: "Listen", Value: address,
			Want: "an address of the loopback, such as " + DefaultListen +
				": listening beyond it takes a token",
		}})
	}
	var listening net.ListenConfig
	return listening.Listen(ctx, "tcp", resolved)
}

// resolve puts an address in the place of a name, of the fourth version of IP if there is one, and
// says whether all that the name stands for is of the loopback. Listening on the result listens on
// what has been looked at: another look at the name might find another address.
func resolve(ctx context.Context, address string) (resolved string, local bool, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return address, false, err
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", false, err
	}
	var picked netip.Addr
	local = true
	for _, one := range found {
		one = one.Unmap()
		local = local && one.IsLoopback()
		if !picked.IsValid() || one.Is4() && !picked.Is4() {
			picked = one
		}
	}
	return net.JoinHostPort(picked.String(), port), local, nil
}
