package repo

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/wanstore/wanstore/schema"
)

// migrate brings the file to the latest schema version. All of it is one transaction that takes the write lock first, so
// of several processes that start at once one migrates and the others find it done. path is where a new file lies.
func migrate(ctx context.Context, conn *sql.Conn, path string) error {
	migrations, err := schema.Migrations()
	if err != nil {
		return err
	}
	return immediately(ctx, conn, func() error {
		id, err := identify(ctx, conn)
		if err != nil {
			return err
		}
		if err := id.check(len(migrations)); err != nil {
			return err
		}
		for _, migration := range migrations[id.version:] {
			if err := apply(ctx, conn, migration); err != nil {
				return err
			}
		}
		if id.version == 0 {
			return inherit(ctx, conn, path)
		}
		return nil
	})
}

func apply(ctx context.Context, conn *sql.Conn, migration schema.Migration) error {
	script := fmt.Sprintf("%s\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;",
		migration.SQL, applicationID, migration.Version)
	if _, err := conn.ExecContext(ctx, script); err != nil {
		return fmt.Errorf("apply %s: %w", migration.Name, err)
	}
	return nil
}
