package api_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

func TestConfigFromEnv(t *testing.T) {
	t.Setenv("WANCTL_STORAGE_HTTP_LISTEN", "127.0.0.1:8080")
	t.Setenv("WANCTL_STORAGE_HTTP_TOKEN", "correct-horse-battery")
	t.Setenv("WANCTL_STORAGE_HTTP_ORIGIN", "https://status.example.net:8443")
	got, err := api.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_HTTP_LISTEN": "[::1]:9101"})
	want := api.Config{Listen: "[::1]:9101", Token: "correct-horse-battery",
		Origin: "https://status.example.net:8443"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

// Everything that is wrong is in one error, by the names of the variables, and the token is not.
func TestConfigThatIsWrong(t *testing.T) {
	t.Setenv("WANCTL_STORAGE_HTTP_LISTEN", "9101")
	t.Setenv("WANCTL_STORAGE_HTTP_TOKEN", "my secret")
	t.Setenv("WANCTL_STORAGE_HTTP_ORIGIN", "status.example.net")
	_, err := api.ConfigFromEnv(nil)
	if !errors.Is(err, service.ErrConfig) {
		t.Fatal(err)
	}
	for _, word := range []string{
		"WANCTL_STORAGE_HTTP_LISTEN=9101: want HOST:PORT", "WANCTL_STORAGE_HTTP_TOKEN: want",
		"WANCTL_STORAGE_HTTP_ORIGIN=status.example.net: want",
	} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%v: want %q in it", err, word)
		}
	}
	if strings.Contains(err.Error(), "my secret") {
		t.Error(err)
	}
	for _, config := range []api.Config{
		{Listen: "127.0.0.1"}, {Listen: "127.0.0.1:"}, {Listen: "127.0.0.1:http"},
		{Listen: "127.0.0.1:65536"}, {Listen: "::1:9101"},
		{Token: "a-line-of-a-file\n"}, {Token: "ä-correct-horse"}, {Token: "correct horse battery"},
		{Token: "fifteen-letters"},
		{Origin: "https://a/"}, {Origin: "https://a/b"}, {Origin: "https://A"}, {Origin: "https://"},
		{Origin: "https://u@a"}, {Origin: "null"},
		{Origin: "https://a?b"}, {Origin: "https://*"},
	} {
		if err := config.Validate(); !errors.Is(err, service.ErrConfig) {
			t.Errorf("%+v: %v", config, err)
		}
		if _, err := api.Listen(t.Context(), config); !errors.Is(err, service.ErrConfig) {
			t.Errorf("%+v: listening: %v", config, err)
		}
	}
}

func TestVariables(t *testing.T) {
	list := api.Variables()
	if len(list) != 3 || list[0].Name != "WANCTL_STORAGE_HTTP_LISTEN" ||
		list[0].Default != api.DefaultListen || list[1].Help == "" {
		t.Errorf("%+v", list)
	}
}
