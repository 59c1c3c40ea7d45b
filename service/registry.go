package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/wanstore/wanstore/repo"
)

// writers is what makes the writer of a file a singleton in its process.
var writers registry

// registry holds the cores of the files that are open, until they have ended.
type registry struct {
	mu    sync.Mutex
	cores []*core
}

// acquire returns the core of the file at path with one more user, opening it if it is not open.
// Another spelling of the path, and a symbolic link to the file, find the same core. It blocks
// while the file is being opened or closed.
func (r *registry) acquire(ctx context.Context, config Config, options Options) (*core, error) {
	for {
		c, err := r.tryAcquire(ctx, config, options)
		if !errors.Is(err, errEnding) {
			return c, err
		}
		select {
		case <-c.ended:
		case <-ctx.Done():
			return nil, fmt.Errorf("open %s: %w", config.DBPath, context.Cause(ctx))
		}
	}
}

// errEnding says that the core found is being closed by its last user.
var errEnding = errors.New("the writer is being closed")

func (r *registry) tryAcquire(ctx context.Context, config Config, options Options) (*core, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, err := r.find(config.DBPath)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return r.open(ctx, config, options)
	}
	if known.users == 0 {
		return known, errEnding
	}
	if err := known.join(ctx, config, options); err != nil {
		return nil, err
	}
	known.users++
	return known, nil
}

// find returns the core whose file is the one at path, or nil. By another name it is ErrOtherName.
func (r *registry) find(path string) (*core, error) {
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // it names the path
	}
	for _, c := range r.cores {
		switch same, err := c.is(path, info); {
		case err != nil:
			return nil, fmt.Errorf("open %s: %w", path, err)
		case same:
			return c, nil
		}
	}
	return nil, nil //nolint:nilnil // nobody has it open
}

// is says that the file at path, whose info may be nil if there is none, is that of the core. Where
// the core has it by another name it is ErrOtherName.
func (c *core) is(path string, info os.FileInfo) (bool, error) {
	if info != nil && os.SameFile(info, *c.file.Load()) {
		if !repo.SameName(path, c.config.DBPath) {
			return false, ErrOtherName
		}
		return true, nil
	}
	// It may have been removed, or replaced: the core goes on at its path.
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	return err == nil && filepath.Join(folder, filepath.Base(path)) == c.config.DBPath, nil
}

// identify notes which file this is.
func (c *core) identify() error {
	info, err := os.Stat(c.config.DBPath)
	if err == nil {
		c.file.Store(&info)
	}
	return err
}

func (r *registry) open(ctx context.Context, config Config, options Options) (*core, error) {
	path, err := filepath.Abs(config.DBPath)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", config.DBPath, err)
	}
	config.DBPath = path
	c, err := openCore(ctx, config, options)
	if err != nil {
		return nil, err
	}
	c.users = 1
	r.cores = append(r.cores, c)
	return c, nil
}

// release takes one user off a core, and says whether that was the last one: then the core must be
// ended.
func (r *registry) release(c *core) (last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.users--
	return c.users == 0
}

// remove forgets a core that has ended.
func (r *registry) remove(c *core) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cores = slices.DeleteFunc(r.cores, func(one *core) bool { return one == c })
}

// maxSize is the size cap of the file at path if this process writes it, else 0: the cap is not in
// the file.
func (r *registry) maxSize(path string) Bytes {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(path)
	if err != nil || c == nil {
		return 0
	}
	return c.config.MaxSize
}
