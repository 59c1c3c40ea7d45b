package httpapi

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// reply is the answer to a query.
type reply struct {
	value           parser.Value
	stats           any // nil if nobody has asked
	warnings, infos []string
}

// samples is how many samples the answer has.
func (r reply) samples() int {
	switch value := r.value.(type) {
	case upstream.Matrix:
		return value.TotalSamples()
	case upstream.Vector:
		return len(value)
	default:
		return 1
	}
}

// send writes the answer as it goes, so that it is not in memory a second time. A client that has
// hung up needs no answer, and its errors are nobody's.
func (r reply) send(w http.ResponseWriter, buffers *buffers) error {
	w.Header().Set("Content-Type", "application/json")
	out := buffers.get(w)
	defer buffers.put(out)
	r.write(out)
	_ = out.Flush()
	return nil
}

// bufferSize is how much of an answer is written at once.
const bufferSize = 64 << 10

// buffers are those that answers were written through, for other answers to use again.
type buffers struct{ pool sync.Pool }

func (b *buffers) get(w io.Writer) *bufio.Writer {
	out, ok := b.pool.Get().(*bufio.Writer)
	if !ok {
		return bufio.NewWriterSize(w, bufferSize)
	}
	out.Reset(w)
	return out
}

func (b *buffers) put(out *bufio.Writer) {
	out.Reset(nil) // or what it wrote to would stay
	b.pool.Put(out)
}

// write writes the answer. The first error of out comes with its Flush.
func (r reply) write(out *bufio.Writer) {
	_, _ = out.WriteString(`{"status":"success","data":{"resultType":"`)
	_, _ = out.WriteString(string(r.value.Type()))
	_, _ = out.WriteString(`","result":`)
	writeValue(out, r.value)
	if r.stats != nil {
		_, _ = out.WriteString(`,"stats":`)
		writeJSON(out, r.stats)
	}
	_ = out.WriteByte('}')
	writeTexts(out, "warnings", r.warnings)
	writeTexts(out, "infos", r.infos)
	_ = out.WriteByte('}')
}

// writeTexts writes a member of the answer that is left out where it is empty.
func writeTexts(out *bufio.Writer, name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	_, _ = out.WriteString(`,"` + name + `":`)
	list, err := json.Marshal(texts)
	if err != nil { // texts
		panic(err)
	}
	_, _ = out.Write(list)
}

// sendData answers with data that is no result of a query.
func sendData(w http.ResponseWriter, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	sendText(w, text, nil)
	return nil
}

// sendText is sendData for data that is JSON already.
func sendText(w http.ResponseWriter, text []byte, warnings []string) {
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(`{"status":"success","data":`)
	_, _ = out.Write(text)
	writeTexts(out, "warnings", warnings)
	_ = out.WriteByte('}')
	_ = out.Flush()
}
