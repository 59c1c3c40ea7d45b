package browser

// Every test package under tests/ takes -update, so that one command rewrites all golden files.
import _ "github.com/wanstore/wanstore/tests/internal/update"
