package api

import (
	"maps"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/service"
)

// EnvPrefix begins the name of every environment variable of a Config.
const EnvPrefix = service.EnvPrefix + "HTTP_"

// DefaultListen is where to listen unless something else is configured.
const DefaultListen = "127.0.0.1:9101"

// Config configures a server. A field that is empty is not configured.
type Config struct {
	// Listen is the HOST:PORT to answer at, DefaultListen by default. Port 0 is any that is free.
	Listen string `env:"LISTEN"`
	// Token is the bearer token that every request for data must carry, of 16 characters or more.
	// Listening beyond the loopback takes one.
	Token string `env:"TOKEN"`
	// Origin is the origin whose pages may ask from a browser (CORS): https://HOST, or * for all.
	Origin string `env:"ORIGIN"`
}

// ConfigFromEnv reads a Config from environment variables, which Variables lists. Overrides, by the
// full names of the variables, go before them.
//
// Errors: service.ConfigErrors with everything that is wrong, by the names of the variables.
func ConfigFromEnv(overrides map[string]string) (Config, error) {
	variables := env.ToMap(os.Environ())
	maps.Copy(variables, overrides)
	var config Config
	err := env.ParseWithOptions(&config, env.Options{Environment: variables, Prefix: EnvPrefix})
	if err != nil {
		return Config{}, err
	}
	problems := config.problems()
	for _, one := range problems {
		one.Name = variableOf(one.Field)
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	return config, nil
}

// Validate returns service.ConfigErrors with everything that is wrong, or nil.
func (c Config) Validate() error {
	if problems := c.problems(); len(problems) > 0 {
		return problems
	}
	return nil
}

func (c Config) problems() service.ConfigErrors {
	var problems service.ConfigErrors
	refuse := func(field, value, want string) {
		problems = append(problems, &service.ConfigError{Field: field, Value: value, Want: want})
	}
	if !isAddress(c.Listen) {
		refuse("Listen", c.Listen, "HOST:PORT, such as "+DefaultListen)
	}
	if want := checkToken(c.Token); want != "" {
		refuse("Token", "", want) // it is not for logs
	}
	if !isOrigin(c.Origin) {
		refuse("Origin", c.Origin, "scheme and host in lower case and nothing behind, such as "+
			"https://status.example.net, or *")
	}
	return problems
}

func isAddress(address string) bool {
	if address == "" {
		return true
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err == nil
}

// minToken is how many characters a token has at least: a shorter one can be guessed.
const minToken = 16

// checkToken says what is wanted of a token that no client can send or that can be guessed.
func checkToken(token string) (want string) {
	switch {
	case token == "":
		return ""
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "printable ASCII without spaces"
	case len(token) < minToken:
		return strconv.Itoa(minToken) + " characters or more, such as `openssl rand -hex 16` makes"
	default:
		return ""
	}
}

// isOrigin wants an origin as browsers send it, since it is compared as it is.
func isOrigin(origin string) bool {
	if origin == "" || origin == web.AnyOrigin {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == origin &&
		strings.ToLower(origin) == origin && !strings.Contains(origin, web.AnyOrigin)
}

// variableOf returns the name of the environment variable of a field of Config.
func variableOf(field string) string {
	found, _ := reflect.TypeFor[Config]().FieldByName(field)
	return EnvPrefix + found.Tag.Get("env")
}

// Variables lists the environment variables of a Config.
func Variables() []service.Variable {
	return []service.Variable{
		{
			Name: variableOf("Listen"), Field: "Listen", Default: DefaultListen,
			Help: "HOST:PORT to answer HTTP at, also while recording if it is set",
		},
		{
			Name: variableOf("Token"), Field: "Token",
			Help: "bearer token of every request for data, 16 characters or more; required beyond the " +
				"loopback",
		},
		{
			Name: variableOf("Origin"), Field: "Origin",
			Help: "origin whose pages may ask from a browser (CORS): https://HOST, or *",
		},
	}
}
