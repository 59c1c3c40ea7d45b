package filetest

import "encoding/binary"

// patchBytes are those of one patch in the recipe of Damage: three for the place, one that is written there.
const patchBytes = 4

// Damage returns a copy of data with some bytes replaced, as a recipe says of which every byte counts: so a fuzzer that
// changes the recipe damages the data, and has a few bytes to mind where the data has thousands. The copy ends where cut
// says, counted from the end.
func Damage(data, recipe []byte, cut uint16) []byte {
	damaged := append([]byte(nil), data...)
	for ; len(recipe) >= patchBytes; recipe = recipe[patchBytes:] {
		place := binary.BigEndian.Uint32(recipe) >> 8
		damaged[int(place)%len(damaged)] = recipe[patchBytes-1]
	}
	return damaged[:max(0, len(damaged)-int(cut))]
}

// Patch returns the recipe that puts text at a place in the data.
func Patch(place int, text ...byte) []byte {
	var recipe []byte
	for i, b := range text {
		recipe = binary.BigEndian.AppendUint32(recipe, uint32(place+i)<<8|uint32(b))
	}
	return recipe
}

// Mend gives the pages of a damaged history the checksums that they would have if their damage had been written on purpose. A
// history whose header asks for none is left alone.
func Mend(data []byte) {
	const pageSize, checksumBytes, asks = 512, 8, 20
	if len(data) <= asks || data[asks] != checksumBytes {
		return
	}
	for page := data; len(page) >= pageSize; page = page[pageSize:] {
		end := pageSize - checksumBytes
		var sum1, sum2 uint32
		for at := 0; at < end; at += checksumBytes {
			sum1 += binary.LittleEndian.Uint32(page[at:]) + sum2
			sum2 += binary.LittleEndian.Uint32(page[at+4:]) + sum1
		}
		binary.LittleEndian.PutUint32(page[end:], sum1)
		binary.LittleEndian.PutUint32(page[end+4:], sum2)
	}
}
