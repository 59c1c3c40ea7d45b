package httpapi

import (
	"bufio"
	"io"

	"github.com/wanstore/wanstore/promql"
)

// Write writes the result of a query as the API answers it.
//
// Errors: those of out.
func Write(out io.Writer, result *promql.Result) error {
	buffered := bufio.NewWriterSize(out, bufferSize)
	newReply(result, 0, "").write(buffered)
	return buffered.Flush()
}
