package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is vendored is what its README says it is.
func TestVendored(t *testing.T) {
	folder := filepath.Join("..", "..", "api", "page", "vendor")
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(folder, "*.js"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts in %s: %v", len(scripts), folder, err)
	}
	for _, script := range scripts {
		content, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if hash := hex.EncodeToString(sum[:]); !strings.Contains(string(readme), hash) {
			t.Errorf("README.md does not give the hash of %s: %s", script, hash)
		}
	}
}
