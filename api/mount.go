package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/service"
)

// Mount is a handler of another package, which an API answers with below a path: under the same
// rules of access, with the same headers, compression, limits of time and connections, and
// survival of panics.
type Mount struct {
	// Path is where it answers, such as /api/v1/.
	Path    string
	Handler http.Handler
	// MaxForm is how many bytes a form may have that is sent by POST. With 0 there are GET and
	// HEAD only.
	MaxForm int64
	// Refuse answers with an error in the shape that clients of the handler expect. The API calls
	// it for requests that never reach the handler, such as those without the token. Nil is the
	// shape of the API.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, message string)
}

// Mount adds a handler. It comes before Handler and Serve. The handler reads the file by Read, so
// that the file is not read by more requests at once than a recording process can bear.
func (a *API) Mount(mount Mount) { a.mounts = append(a.mounts, mount) }

// Read calls f with the history, as it is at its path now, and returns the error of f. It waits
// while two others read, and calls f again if that has failed on a file that was replaced
// meanwhile. f must not keep the history.
//
// Errors: ErrUnavailable where the file cannot be read, or when it has waited until ctx was done.
func (a *API) Read(ctx context.Context, f func(*service.History) error) error {
	if err := a.capacity.reads.Acquire(ctx, 1); err != nil {
		return errTooMany
	}
	defer a.capacity.reads.Release(1)
	err := a.source.read(ctx, f)
	a.damaged.Store(isDamage(err))
	return err
}

// mounted is the handler of a mount, behind the rules of access.
func (a *API) mounted(mount Mount) http.Handler {
	rules := a.rules()
	rules.MaxForm = mount.MaxForm
	return rules.Guarded(mount.Handler)
}

// withMounts sends what is asked below the path of a mount to its handler, as it was asked. A
// ServeMux would redirect a path with // in it, and clients of an API want its own error.
func (a *API) withMounts(others http.Handler) http.Handler {
	handlers := map[string]http.Handler{}
	for _, mount := range a.mounts {
		handlers[mount.Path] = a.mounted(mount)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mount, ok := a.mountOf(r.URL.Path); ok {
			handlers[mount.Path].ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

// rules are those of everything that an API answers with.
func (a *API) rules() web.Rules {
	return web.Rules{Token: a.options.Token, Origin: a.options.Origin, Refuse: a.refuseWith}
}

// mountOf returns the mount that a path belongs to.
func (a *API) mountOf(path string) (mount Mount, ok bool) {
	for _, mount := range a.mounts {
		if strings.HasPrefix(path, mount.Path) {
			return mount, true
		}
	}
	return Mount{}, false
}
