package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// CopyWAL copies the WAL into the file as far as no reader holds it, and syncs both. It returns how
// many pages the WAL has, and how many were copied.
func CopyWAL(ctx context.Context, q Queryer) (pages, copied int, err error) {
	var busy int
	err = q.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &copied)
	return pages, copied, err
}

// RestartWAL does what CopyWAL does, and has the next commit restart the WAL. It waits for nobody:
// where a reader holds the WAL, or another process the lock, IsBusy tells the error.
func RestartWAL(conn *sql.Conn) error {
	return Raw(conn, func(c *Conn) error {
		if err := c.BusyTimeout(0); err != nil {
			return err
		}
		_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_RESTART)
		return errors.Join(err, c.BusyTimeout(BusyTimeout))
	})
}

// TruncateWAL copies the WAL into the file and leaves nothing in it. It waits for readers as long
// as any statement waits.
func TruncateWAL(conn *sql.Conn) error {
	return Raw(conn, func(c *Conn) error {
		_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		return err
	})
}

// WatchWAL has f called with each commit of conn: so many pages the WAL has then.
func WatchWAL(conn *sql.Conn, f func(pages int)) error {
	return Raw(conn, func(c *Conn) error {
		c.WALHook(func(_ *Conn, _ string, pages int) error {
			f(pages)
			return nil
		})
		return nil
	})
}

// LeaveWALAtEnd makes the end of conn leave the WAL as it is, or take it into the file as the last
// connection does.
func LeaveWALAtEnd(conn *sql.Conn, leave bool) error {
	return Raw(conn, func(c *Conn) error { return leaveWAL(c, leave) })
}
