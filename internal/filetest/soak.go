package filetest

import "os"

// Soak says that the long run of the tests is asked for, by WANSTORE_SOAK=1 in the environment.
func Soak() bool { return os.Getenv("WANSTORE_SOAK") == "1" }
