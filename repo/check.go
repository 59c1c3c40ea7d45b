package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// checkBudget is how long the check at open may take, so that a program that was killed records
// again within a second. It suffices for some 50 MB; of a larger file the check sees a part.
const checkBudget = 500 * time.Millisecond

// errTimeUp says that the check has used up its time.
var errTimeUp = errors.New("the time of the check is up")

// check looks whether the pages of the file fit together, as far as its time goes. What the rows
// say is no matter of damage.
func (w *Writer) check(ctx context.Context, findings *Findings) error {
	limited, cancel := context.WithTimeoutCause(ctx, checkBudget, errTimeUp)
	defer cancel()
	found, err := checkIntegrity(limited, w.path, sqlite.ReaderDSN(w.path))
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		findings.Unchecked = true
		return nil
	case err != nil:
		return err
	case found.damage != "":
		return fmt.Errorf("%w: the check at open says: %s", ErrDamaged, found.damage)
	default:
		return nil
	}
}
