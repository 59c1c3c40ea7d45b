package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/schema"
)

// upgrades are the scripts that bring a file to the next version, by the version that it has.
// Earlier files are rebuilt.
var upgrades = map[int]string{3: schema.From3}

// upgrade brings a file from version 3 on up to date, in one transaction: at every moment it is of
// one version or the other. It returns nil for a file of this version.
func upgrade(ctx context.Context, path string) (upgraded *Rebuilt, err error) {
	began := time.Now()
	old, err := openOld(ctx, path)
	if err != nil {
		return nil, err
	}
	err = sqlite.Immediately(ctx, old.conn, func() error {
		upgraded, err = old.upgrade(ctx)
		return err
	})
	err = errors.Join(err, old.close(IsDamage(sqlite.Classify(ctx, err))))
	if err != nil || upgraded == nil {
		return nil, err
	}
	upgraded.Took = time.Since(began)
	return upgraded, nil
}

func (f *oldFile) upgrade(ctx context.Context) (*Rebuilt, error) {
	// Without a lock another process may have been faster.
	if err := f.look(ctx); err != nil || f.version == schema.Version {
		return nil, err
	}
	for version := f.version; version < schema.Version; version++ {
		if _, err := f.conn.ExecContext(ctx, upgrades[version]); err != nil {
			return nil, fmt.Errorf("from version %d: %w", version, err)
		}
	}
	q := db.New(f.conn)
	if err := errors.Join(setNumbers(ctx, f.conn), q.StateVersion(ctx, schema.Version)); err != nil {
		return nil, err
	}
	return &Rebuilt{Version: f.version}, nil
}
