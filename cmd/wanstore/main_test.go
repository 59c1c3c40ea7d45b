package main

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

// TestMain lets the test binary be the program, where it is called by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wanstore": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Defer(func() { checkHistories(t, env.WorkDir) })
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition == "icmp" {
				return icmpError() == nil, nil
			}
			return false, errors.New("no such condition")
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"break":   breakFile,
			"declare": declare,
			"exits":   exits,
			"foreign": foreign,
			"get":     get,
			"month":   month,
			"wanctl":  wanctlRows,
		},
	})
}

// checkHistories checks the integrity of the histories that a script has left. What cannot be
// opened is no history, or is meant to be broken.
func checkHistories(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.db"))
	if err != nil {
		t.Error(err)
	}
	for _, path := range files {
		history, err := service.OpenHistory(t.Context(), path)
		if err != nil {
			continue
		}
		if err := errors.Join(history.Close(), filetest.Check(path)); err != nil {
			t.Error(err)
		}
	}
}

// icmpError says why this process cannot send echoes, nil if it can.
func icmpError() error { return measure.ICMPPermitted() }

// exits runs a program and wants an exit code: exits CODE PROGRAM ARGS...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// breakFile moves a history aside and damages its first page: break NEW OLD.
func breakFile(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	clear(data[:512])
	ts.Check(errors.Join(os.WriteFile(ts.MkAbs(args[0]), data, 0o600), os.Remove(ts.MkAbs(args[1]))))
}

// foreign makes the smallest SQLite database that another program could have made: one page, no
// tables, and the application id of somebody else. The layout is that of
// https://www.sqlite.org/fileformat.html
func foreign(ts *testscript.TestScript, _ bool, args []string) {
	const pageSize = 512
	page := make([]byte, pageSize)
	copy(page, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(page[16:], pageSize)
	copy(page[18:], []byte{1, 1, 0, 64, 32, 32}) // file format, payload fractions
	binary.BigEndian.PutUint32(page[28:], 1)     // pages
	binary.BigEndian.PutUint32(page[44:], 4)     // schema format
	binary.BigEndian.PutUint32(page[56:], 1)     // UTF-8
	binary.BigEndian.PutUint32(page[68:], 0x0f055112)
	page[100] = 13 // an empty table leaf
	binary.BigEndian.PutUint16(page[105:], pageSize)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), page, 0o600))
}
