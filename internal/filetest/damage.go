package filetest

import "encoding/binary"

// patchBytes are those of one patch in the recipe of Damage: three for the place, one that is
// written there.
const patchBytes = 4

// Damage returns a copy of data with some bytes replaced, as a recipe says of which every byte
// counts: so a fuzzer that changes the recipe damages the data, and has a few bytes to mind where
// the data has thousands. The copy ends where cut says, counted from the end.
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
