package seal

// Bucket is what the rows of a bucket of states come to, which follow each other. The zero value
// has none.
type Bucket struct {
	Key Key

	missing int64 // samples that its total says, and its rows do not have
	unsound bool  // a row is
	byHand  bool  // a row has no check value: somebody has changed the bucket
}

// Add adds a row: what it says, whether it is sound, and whether it has a check value.
func (b *Bucket) Add(count, total int64, sound, sealed bool) {
	b.missing += total - count
	b.unsound = b.unsound || !sound
	b.byHand = b.byHand || !sealed
}

// IsWhole says that no row is lost or unsound: without one state of a bucket its mode and its
// shares lie.
func (b *Bucket) IsWhole() bool { return !b.unsound && (b.byHand || b.missing == 0) }
