// Package disk is a history as files: its header, its identity and names, who has it open, and what
// lies beside it. It opens no database and knows no SQL, so all of it holds whatever program has
// written the file.
//
//	path, header, place     what lies at a path, whose it is, and on which file system
//	lock, mark              the lock file beside a history, and what it says of the last writer
//	name                    one name a file: the bytes that writers lock
//	companions, like        the -wal, -shm and -journal, with the owner and mode of the file
//	index, walfile, journal what these say without SQLite
//	still                   a file that nobody writes, read without its index
//	quarantine, backupfile  moving a damaged file aside, and making a new one that appears whole
//	hash                    by which a damaged file is known again
package disk
