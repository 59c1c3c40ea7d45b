package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/wanstore/wanstore/service"
)

// skippedLines is what a mark says of skipped lines before a place.
func skippedLines(before int64, lines []int64) []byte {
	var bits big.Int
	for _, line := range lines {
		bits.SetBit(&bits, int(before-line), 1)
	}
	return bits.Bytes()
}

// merge takes the rows that earlier imports of the data have skipped. Each batch that has skipped
// any left a mark, which goes away in the transaction that takes them.
func (i *csvImport) merge(
	ctx context.Context, imports service.Imports, rows place, taken taken,
) error {
	if !i.options.Merge || len(taken.skipped) == 0 {
		return nil
	}
	data, err := i.source.read(ctx, rows.bytes)
	if err != nil {
		return err
	}
	// As far as it has been taken: the last line may have been longer since.
	data = io.LimitReader(data, taken.until.bytes-rows.bytes)
	lines := newRecords(data, rows.unhashed())
	for _, mark := range taken.skipped {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		samples, err := i.skipped(lines, mark)
		if err != nil {
			return err
		}
		run := i.writer.BeginImport(imports, i.source.origin, mark)
		counts, err := run.Store(context.WithoutCancel(ctx), samples, service.ImportMark{})
		if err != nil {
			return err
		}
		i.result.add(len(samples), counts)
		i.result.Known -= int64(len(samples))
		i.options.Progress(i.source.position, max(i.source.position, i.source.size))
	}
	return nil
}

// skipped reads up to a mark, and returns the samples of the rows that it says were skipped.
func (i *csvImport) skipped(
	lines *records, mark service.ImportMark,
) (samples []service.ImportedSample, err error) {
	bits := new(big.Int).SetBytes(mark.Skipped)
	for {
		one, err := lines.next()
		if errors.Is(err, io.EOF) || err == nil && one.line > mark.Lines {
			return samples, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
		if bits.Bit(int(mark.Lines-one.line)) == 0 {
			lines.pass(one)
			continue
		}
		sample, reason := i.parse(one)
		if reason == nil {
			samples = append(samples, service.ImportedSample{Sample: sample})
		} else if err := i.bad(one.line, reason); err != nil {
			return nil, err
		}
		lines.pass(one)
	}
}
