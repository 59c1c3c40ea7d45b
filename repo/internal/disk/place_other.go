//go:build !unix

package disk

import "errors"

// deviceOf is not known there: no mount is missed.
func deviceOf(string) (uint64, error) { return 0, errors.ErrUnsupported }
