package api

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/wanstore/wanstore/service"
)

// EnvPrefix begins the name of every environment variable of a Config.
const EnvPrefix = service.EnvPrefix + "HTTP_"

// DefaultListen is where to listen unless something else is configured.
const DefaultListen = "127.0.0.1:9101"

// Config configures a server. Fields that are empty are not configured.
type Config struct {
	Listen string `env:"LISTEN" help:"HOST:PORT to answer HTTP at, also while recording if it is set" default:"127.0.0.1:9101"`
	Token  string `env:"TOKEN" help:"bearer token of every request for data, 16 characters or more; required beyond the loopback"`
	Origin string `env:"ORIGIN" help:"origin whose pages may ask from a browser (CORS): https://HOST, or *"`
}

// ConfigFromEnv reads a Config from environment variables, which Variables lists. Overrides, by the
// full names of the variables, go before them. Everything that is wrong is in one error, which
// wraps service.ErrConfig.
func ConfigFromEnv(overrides map[string]string) (Config, error) {
	variables := env.ToMap(os.Environ())
	maps.Copy(variables, overrides)
	var config Config
	err := env.ParseWithOptions(&config, env.Options{Environment: variables, Prefix: EnvPrefix})
	return config, errors.Join(err, config.Validate())
}

// Validate returns one error that lists everything wrong, or nil.
//
// Errors: service.ErrConfig.
func (c Config) Validate() error {
	err := errors.Join(checkListen(c.Listen), checkToken(c.Token), checkOrigin(c.Origin))
	if err != nil {
		return fmt.Errorf("%w:\n%w", service.ErrConfig, err)
	}
	return nil
}

func checkListen(address string) error {
	if address == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%sLISTEN=%s: want HOST:PORT, such as %s", EnvPrefix, address, DefaultListen)
	}
	return nil
}

// minToken is how many characters a token has at least: a shorter one can be guessed.
const minToken = 16

// checkToken refuses what no client can send, and what can be guessed. The token itself is not for
// logs.
func checkToken(token string) error {
	if token == "" {
		return nil
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("%sTOKEN: want printable ASCII without spaces", EnvPrefix)
	}
	if len(token) < minToken {
		return fmt.Errorf("%sTOKEN: want %d characters or more, such as `openssl rand -hex 16` makes",
			EnvPrefix, minToken)
	}
	return nil
}

// checkOrigin wants an origin as browsers send it, since it is compared as it is.
func checkOrigin(origin string) error {
	if origin == "" || origin == anyOrigin {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin ||
		strings.ToLower(origin) != origin || strings.Contains(origin, anyOrigin) {
		return fmt.Errorf("%sORIGIN=%s: want scheme and host in lower case and nothing behind, such as "+
			"https://status.example.net, or *",
			EnvPrefix, origin)
	}
	return nil
}

// Variables lists the environment variables of a Config.
func Variables() []service.Variable {
	var list []service.Variable
	for field := range reflect.TypeFor[Config]().Fields() {
		list = append(list, service.Variable{
			Name: EnvPrefix + field.Tag.Get("env"), Default: field.Tag.Get("default"),
			Help: field.Tag.Get("help"),
		})
	}
	return list
}
