package push

import "errors"

// What keeps a sender from starting. All are found with errors.Is.
var (
	// ErrNameTaken reports a metric that would be made from one of the file and has the name of
	// another one. Config.Suffix gives it another name.
	ErrNameTaken = errors.New("two metrics would have one name")
)
