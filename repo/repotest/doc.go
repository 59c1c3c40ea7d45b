// Package repotest gives tests a disk whose faults are chosen: it fails, tears a write, fills up,
// hangs, or loses power at an operation that the test names.
//
// A Disk is bound to a directory. The files that writers of this process open below it lie on the
// disk; readers, and files elsewhere, do not notice it. What is written goes to the real files,
// too, so that WAL, locks and shared memory work as ever; what a crash leaves is written to another
// directory by Disk.Save or Disk.Leave, and opened there.
package repotest
