package prometheus

import (
	"context"
	"log/slog"
	"testing"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/compression"
)

// BenchmarkPrometheus appends a load with one commit a second and then, as Prometheus does every
// two hours, writes the load as a block. One operation is the whole load. The first two figures are
// of the appending alone, the others of both.
func BenchmarkPrometheus(b *testing.B) {
	for _, l := range loads {
		for _, wal := range compression.Types() {
			b.Run(l.String()+"/wal="+wal, func(b *testing.B) { measure(b, l, wal) })
		}
	}
}

func measure(b *testing.B, l load, wal compression.Type) {
	b.Helper()
	var appended, all meter
	var kept int64
	for b.Loop() {
		db := open(b, wal)
		appendLoad(b, db, &appended, l)
		all.run(b, func() { writeBlock(b, db) })
		kept += size(b, db, l.samples())
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	all.cpu += appended.cpu
	all.written += appended.written
	samples := float64(b.N * l.samples())
	b.ReportMetric(samples/appended.cpu.Seconds(), "samples/cpu-s")
	b.ReportMetric(float64(appended.written)/samples, "bytes/sample")
	b.ReportMetric(samples/all.cpu.Seconds(), "all-samples/cpu-s")
	b.ReportMetric(float64(all.written)/samples, "all-bytes/sample")
	b.ReportMetric(float64(kept)/samples, "kept-bytes/sample")
}

// open opens an empty TSDB, as Prometheus does but that it writes blocks only when asked.
func open(b *testing.B, wal compression.Type) *tsdb.DB {
	b.Helper()
	options := tsdb.DefaultOptions()
	options.WALCompression = wal
	// What waits in the buffer would be missing from the count: 4 MiB by default, more than an hour
	// of 7 series at 20 Hz.
	options.HeadChunksWriteBufferSize = chunks.MinWriteBufferSize
	db, err := tsdb.Open(b.TempDir(), slog.New(slog.DiscardHandler), nil, options, nil)
	if err != nil {
		b.Fatal(err)
	}
	db.DisableCompactions()
	return db
}

// appendLoad makes ten seconds of a load at a time, and commits one second after the other: the
// meter runs for the commits alone. Full chunks are mapped every minute, as Prometheus does.
func appendLoad(b *testing.B, db *tsdb.DB, m *meter, l load) {
	b.Helper()
	source, series := newSource(l), newSeries(l)
	for range l.minutes {
		for range 6 {
			batches := source.seconds(10)
			m.run(b, func() {
				for _, batch := range batches {
					commit(b, db, batch, series)
				}
			})
		}
		m.run(b, db.ForceHeadMMap)
	}
}

func commit(b *testing.B, db *tsdb.DB, batch []cycle, series []series) {
	b.Helper()
	appender := db.AppenderV2(context.Background())
	options := storage.AppendV2Options{}
	for _, c := range batch {
		for i, value := range c.values {
			s := &series[i]
			var err error
			s.ref, err = appender.Append(s.ref, s.labels, 0, c.millis, value, nil, nil, options)
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := appender.Commit(); err != nil {
		b.Fatal(err)
	}
}

// writeBlock makes a block of the whole head, and cuts the WAL.
func writeBlock(b *testing.B, db *tsdb.DB) {
	b.Helper()
	head := db.Head()
	if err := db.CompactHead(tsdb.NewRangeHead(head, head.MinTime(), head.MaxTime())); err != nil {
		b.Fatal(err)
	}
}

// size is what the blocks have, in which every sample must be.
func size(b *testing.B, db *tsdb.DB, samples int) (bytes int64) {
	b.Helper()
	found := uint64(0)
	for _, block := range db.Blocks() {
		bytes += block.Size()
		found += block.Meta().Stats.NumSamples
	}
	if found != uint64(samples) {
		b.Fatalf("%d samples in blocks, want %d", found, samples)
	}
	return bytes
}
