package importer

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"

	"github.com/wanstore/wanstore/service"
)

// place is a place in the data of an import, and what comes before it.
type place struct {
	bytes int64
	lines int64 // begun before it
	open  bool  // the last one of them has not ended
	hash  hash.Hash
}

func newPlace() place { return place{hash: sha256.New()} }

// move takes the place past data.
func (p *place) move(data []byte) {
	if len(data) == 0 {
		return
	}
	if p.hash != nil {
		p.hash.Write(data)
	}
	p.bytes += int64(len(data))
	p.lines += int64(bytes.Count(data, []byte{'\n'}))
	if p.open {
		p.lines-- // it was counted when it began
	}
	if p.open = data[len(data)-1] != '\n'; p.open {
		p.lines++
	}
}

// Write is move, for copying data to the place. It does not fail.
func (p *place) Write(data []byte) (int, error) {
	p.move(data)
	return len(data), nil
}

// line is the number of the line at the place, from 1.
func (p *place) line() int64 {
	if p.open {
		return p.lines
	}
	return p.lines + 1
}

// mark is what the history file remembers of the place.
func (p *place) mark() service.ImportMark {
	return service.ImportMark{Format: service.ImportCSV, Bytes: p.bytes, Lines: p.lines,
		Hash: p.hash.Sum(nil)}
}

// unhashed returns the place for a walk that no mark is made of.
func (p *place) unhashed() place {
	unhashed := *p
	unhashed.hash = nil
	return unhashed
}

// clone returns a copy that moves by itself.
func (p *place) clone() (place, error) {
	cloner, ok := p.hash.(hash.Cloner)
	if !ok {
		return place{}, fmt.Errorf("the state of a %T cannot be copied", p.hash)
	}
	clone := *p
	var err error
	clone.hash, err = cloner.Clone()
	return clone, err
}
