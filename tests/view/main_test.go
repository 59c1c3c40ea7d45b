// Package view asks the view metrics what wanctl's tools ask it, in SQLite's own shell, which is
// another process and another SQLite, and in the driver that ships, while a writer has the file
// open. What has to come out is computed in Go from what service.History says.
package view

import (
	"testing"

	"go.uber.org/goleak"

	_ "github.com/wanstore/wanstore/tests/internal/update" // for its flag alone
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
