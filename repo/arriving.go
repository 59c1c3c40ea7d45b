package repo

import (
	"fmt"
	"os"
	"time"
)

// settleTime is how long a file that somebody has put at a path must have stood still before damage
// to it counts: until then it may be a copy that is not complete.
const settleTime = 5 * time.Second

// errArriving says that a damaged file may be half of a copy.
var errArriving = fmt.Errorf("and stays there until it has been unchanged for %s: "+
	"somebody may still be copying it", settleTime)

// arriving refuses to move a damaged file aside which no writer has had open, and which was changed
// a moment ago. Damage to any other one counts at once: it returns nil.
func (o *opening) arriving(damage error) error {
	if last, _ := o.lock.Mark(); last.IsOf(o.file) {
		return nil
	}
	now, err := os.Stat(o.path)
	if err != nil {
		return err
	}
	age := time.Since(now.ModTime())
	// a file may be of the future, where the clock was set back
	if now.Size() == 0 || age < 0 || age > settleTime {
		return nil
	}
	return fmt.Errorf("%w, %w", damage, errArriving)
}
