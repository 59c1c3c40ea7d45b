package measure

import (
	"path/filepath"
	"testing"
)

func TestOpenKernelWithoutProc(t *testing.T) {
	t.Parallel()
	if _, err := OpenKernel(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error")
	}
}
