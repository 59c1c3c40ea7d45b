package repo

import (
	"strconv"
	"time"
)

func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// notNull returns an empty BLOB for none.
func notNull(hash []byte) []byte {
	if hash == nil {
		return []byte{}
	}
	return hash
}

// jsonArray is a list of numbers as the queries take it.
func jsonArray(list []int64) string {
	if len(list) == 0 {
		return "[]"
	}
	text := []byte{'['}
	for _, number := range list {
		text = append(strconv.AppendInt(text, number, 10), ',')
	}
	text[len(text)-1] = ']'
	return string(text)
}

func duration(micros int64) time.Duration { return time.Duration(micros) * time.Microsecond }
