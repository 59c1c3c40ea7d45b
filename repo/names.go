package repo

import "github.com/wanstore/wanstore/repo/internal/disk"

// SameName says that two paths are one name of a file: symbolic links and mounts of directories
// lead from both to the same entry of the same directory. What SQLite has beside the file is one
// for both.
func SameName(a, b string) bool { return disk.SameName(a, b) }
