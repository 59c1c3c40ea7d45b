package repotest

import "maps"

// names is what a directory holds: what is durable, and what has been made and removed since it was
// synced, in this order. A journaling file system keeps the order.
type names struct {
	durable map[string]*image
	changes []naming
}

// naming gives a file its name, or takes the name away where there is no file.
type naming struct {
	path  string
	image *image
}

func (n *names) set(path string, image *image) {
	n.changes = append(n.changes, naming{path, image})
}

func (n *names) sync() {
	n.durable = n.after(len(n.changes))
	n.changes = nil
}

func (n *names) get(path string) *image { return n.after(len(n.changes))[path] }

// after returns the files after the first so many changes.
func (n *names) after(changes int) map[string]*image {
	files := maps.Clone(n.durable)
	for _, c := range n.changes[:changes] {
		if c.image == nil {
			delete(files, c.path)
			continue
		}
		files[c.path] = c.image
	}
	return files
}
