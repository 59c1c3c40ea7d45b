package service_test

import (
	"math"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// No number of days is taken for another one: 2^64 ns are 213,503 days and a bit.
func TestRetentionOutOfRange(t *testing.T) {
	for _, days := range []service.Days{-1, -213_500, -213_503 + 100, -427_000, 366, 213_504 + 7,
		213_600,
		36_501, math.MinInt, math.MaxInt} {
		_, err := service.OpenWriter(t.Context(),
			service.Config{DBPath: t.TempDir() + "/history.db", RetentionDays: days}, quiet())
		want(t, err, service.ErrConfig)
		if err == nil {
			t.Errorf("a retention of %d days was taken", days)
		}
	}
}
