package main

import (
	"cmp"
	"slices"
	"strings"
)

// mostLikely is how many names a message offers at most.
const mostLikely = 3

// didYouMean ends a message with the names that a text probably stands for. It is empty where none
// is near.
func didYouMean(text string, names []string) string {
	likely := near(text, names)
	if len(likely) == 0 {
		return ""
	}
	return "; did you mean " + alternatives(likely) + "?"
}

// alternatives joins names as people do: a, b or c.
func alternatives(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// near returns the names that begin with a text or, if none does, those that take the fewest edits
// to make of it, as long as these are few for its length.
func near(text string, names []string) []string {
	text = strings.ToLower(text)
	if text == "" || len(names) == 0 {
		return nil
	}
	likely := pick(names, func(name string) bool {
		return strings.HasPrefix(strings.ToLower(name), text)
	})
	if len(likely) > 0 {
		return likely
	}
	fewest := edits(text, strings.ToLower(nearest(text, names)))
	if fewest > 1+len(text)/3 {
		return nil
	}
	return pick(names, func(name string) bool { return edits(text, strings.ToLower(name)) == fewest })
}

// pick returns the first names of those that are wanted.
func pick(names []string, wanted func(name string) bool) []string {
	var picked []string
	for _, name := range names {
		if wanted(name) && len(picked) < mostLikely {
			picked = append(picked, name)
		}
	}
	return picked
}

// nearest returns the name that takes the fewest edits to make of a text.
func nearest(text string, names []string) string {
	text = strings.ToLower(text)
	return slices.MinFunc(names, func(a, b string) int {
		return cmp.Compare(edits(text, strings.ToLower(a)), edits(text, strings.ToLower(b)))
	})
}

// edits counts the letters that have to be put in or taken out to make b of a.
func edits(a, b string) int {
	costs := make([]int, len(b)+1) // of making each beginning of b
	for j := range costs {
		costs[j] = j
	}
	for i := range len(a) {
		diagonal := costs[0]
		costs[0] = i + 1
		for j := range len(b) {
			kept := diagonal
			diagonal = costs[j+1]
			costs[j+1] = min(diagonal, costs[j]) + 1
			if a[i] == b[j] {
				costs[j+1] = kept
			}
		}
	}
	return costs[len(b)]
}
