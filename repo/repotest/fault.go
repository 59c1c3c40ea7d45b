package repotest

import (
	"fmt"
	"maps"
	"slices"
)

// Kind is what an operation does.
type Kind uint8

// The operations that a disk counts.
const (
	Write    Kind = iota
	Sync          // of a file and, where it is a new journal or WAL, of its directory
	Truncate      // also to a larger size, as a file is made long enough before a checkpoint
	Open          // of a file that is made if it is not there
	Delete
)

var kindNames = [...]string{"write", "sync", "truncate", "open", "remove"}

// String returns the word for the operation.
func (k Kind) String() string { return kindNames[k] }

// Operation is one that a disk was asked for.
type Operation struct {
	Number int // counted from 1
	Kind   Kind
	Path   string
	Offset int64  // of a write; of a truncation the new size
	Data   []byte // of a write; valid until the operation ends
}

// String describes the operation in an error.
func (o Operation) String() string {
	return fmt.Sprintf("operation %d, %s %s at %d, %d bytes", o.Number, o.Kind, o.Path, o.Offset,
		len(o.Data))
}

// Fault is what goes wrong at an operation.
type Fault struct {
	err   error
	lasts bool
	hangs bool
	crash *Crash
}

// Fail lets the one operation fail with an error of the system, such as syscall.ENOSPC or
// syscall.EIO.
func Fail(err error) Fault { return Fault{err: err} }

// FailOn lets the operation and all later ones fail, until Disk.Heal.
func FailOn(err error) Fault { return Fault{err: err, lasts: true} }

// Hang lets the operation wait until Disk.Heal, and then go on.
func Hang() Fault { return Fault{hangs: true} }

// Stop ends everything at the operation, which and all later ones fail: Disk.Save has what the
// crash has left.
func Stop(crash Crash) Fault { return Fault{crash: &crash} }

// Crash is a way to end.
type Crash struct {
	seed  uint64
	torn  bool
	power bool
}

// Killed is the end of the process alone: all that was written is there.
func Killed() Crash { return Crash{} }

// Torn is as Killed, and of the write under way the first sectors are there; the seed says how
// many.
func Torn(seed uint64) Crash { return Crash{seed: seed, torn: true} }

// PowerLost is the end of the machine: what was synced is there, and of what was not the sectors
// that the seed picks. A file that was made since its directory was synced may be missing, and one
// that was removed may be back.
func PowerLost(seed uint64) Crash { return Crash{seed: seed, power: true} }

// String names the crash in an error.
func (c Crash) String() string {
	switch {
	case c.power:
		return fmt.Sprintf("power lost, seed %d", c.seed)
	case c.torn:
		return fmt.Sprintf("torn, seed %d", c.seed)
	default:
		return "killed"
	}
}

// leave returns the content of the files that are there afterwards. The operation is the one under
// way.
func (c Crash) leave(n *names, op *Operation) map[string][]byte {
	left := map[string][]byte{}
	if !c.power {
		for path, image := range n.after(len(n.changes)) {
			left[path] = image.content()
		}
		c.tear(left, op)
		return left
	}
	luck := newLuck(c.seed)
	files := n.after(luck.upTo(len(n.changes)))
	// in one order, so that a seed means the same every time
	for _, path := range slices.Sorted(maps.Keys(files)) {
		left[path] = files[path].afterPowerLoss(luck)
	}
	return left
}

// tear adds the first sectors of the write under way.
func (c Crash) tear(left map[string][]byte, op *Operation) {
	content, ok := left[op.Path]
	if !c.torn || !ok || op.Kind != Write {
		return
	}
	end := op.Offset + int64(len(op.Data))
	first := op.Offset/sectorBytes + 1
	var ends []int64
	for sector := first; sector*sectorBytes < end; sector++ {
		ends = append(ends, sector*sectorBytes)
	}
	if len(ends) == 0 {
		return // within a sector, which is written whole or not at all
	}
	part := op.Data[:ends[newLuck(c.seed).random.IntN(len(ends))]-op.Offset]
	content = resized(content, max(int64(len(content)), op.Offset+int64(len(part))))
	copy(content[op.Offset:], part)
	left[op.Path] = content
}
