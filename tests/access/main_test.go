// Package access tests what somebody may name, and what that leads to.
package access

import (
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
