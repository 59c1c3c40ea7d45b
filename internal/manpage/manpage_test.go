package manpage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/manpage"
)

// A page says what the command says, and nothing in that is taken for roff.
func TestPage(t *testing.T) {
	root := &cobra.Command{Use: "tool", Short: "Do things"}
	cmd := &cobra.Command{
		Use: "draw FILE", Short: "Draw a file", Run: func(*cobra.Command, []string) {},
		Long:    ".dots\nand 'quotes' fill.\n\n  a table  \\n\n  .of two lines\n\nThe end.",
		Example: "  tool draw --wide 'a file' | less\n  tool draw - ~/x^2",
	}
	cmd.Flags().Int("width", 80, "draw so many `CELLS` wide")
	cmd.Flags().BoolP("quiet", "q", false, "say nothing")
	root.PersistentFlags().String("db", "", "`PATH` of the file")
	root.AddCommand(cmd)

	var got strings.Builder
	about := manpage.About{Version: "1.2.3", Date: "2026-11-30", ExitStatus: "0 is well."}
	manpage.Write(&got, cmd, about)
	want := `.TH "TOOL\-DRAW" "1" "2026-11-30" "tool 1.2.3" "User Commands"
.nh
.ad l
.SH NAME
tool\-draw \- Draw a file
.SH SYNOPSIS
\fBtool draw\fR FILE [flags]
.SH DESCRIPTION
\&.dots
and \(aqquotes\(aq fill.
.PP
.RS 2
.nf
a table  \en
\&.of two lines
.fi
.RE
.PP
The end.
.SH OPTIONS
.TP
\fB\-q\fR, \fB\-\-quiet\fR
say nothing
.TP
\fB\-\-width\fR \fICELLS\fR
draw so many CELLS wide (default 80)
.SH GLOBAL OPTIONS
.TP
\fB\-\-db\fR \fIPATH\fR
PATH of the file
.SH EXAMPLES
.RS 2
.nf
tool draw \-\-wide \(aqa file\(aq | less
tool draw \- \(ti/x\(ha2
.fi
.RE
.SH EXIT STATUS
0 is well.
.SH SEE ALSO
\fBtool\fR(1)
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}

	dir := filepath.Join(t.TempDir(), "man")
	if err := manpage.WriteAll(dir, root, about); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tool.1", "tool-draw.1"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
