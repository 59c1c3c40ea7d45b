package service

import "context"

// Backup copies the history as it is at one moment to a new file at dest, and returns how many
// bytes that has. The history may be written meanwhile. The copy can be read and recorded to like
// any other history; it passes SQLite's integrity check before it appears at dest, whole and with
// the permissions of the file. Nothing is overwritten, and nothing is left behind by a failure.
//
// Errors: ErrNoPath, ErrDirectory, fs.ErrExist if there is anything at dest, ErrDamaged if the copy
// fails its check, ErrOtherName, those of the file system, and that of ctx.
func (h *History) Backup(ctx context.Context, dest string) (int64, error) {
	return h.reader.Backup(ctx, dest)
}
