package repo

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// inherit gives a new history the policy of the newest damaged one beside it whose policy can be
// read. It is part of the transaction that makes the new one: whenever and by whomever that is
// made, it never has another policy first.
func inherit(ctx context.Context, conn *sql.Conn, path string) error {
	list, err := disk.Quarantined(path)
	if err != nil {
		return err
	}
	q := db.New(conn)
	if damaged, ok := newestFile(list); ok {
		if err := succeeds(ctx, q, damaged); err != nil {
			return err
		}
	}
	tiers, _, err := readTiers(ctx, q)
	if err != nil {
		return err
	}
	for _, damaged := range slices.Backward(list) {
		if ages, err := salvageAges(ctx, damaged); err == nil && ages.plausible() {
			return keep(ctx, q, tiers, ages)
		}
	}
	return nil
}

// newestFile returns the last damaged file in which there is anything: a WAL may lie there alone.
func newestFile(list []string) (path string, ok bool) {
	for _, path := range slices.Backward(list) {
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			return path, true
		}
	}
	return "", false
}

// salvageAges reads the policy of a damaged file, which stays as it is.
func salvageAges(ctx context.Context, path string) (Ages, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 { // a WAL may lie there alone
		return Ages{}, err
	}
	// Lenient, SQLite reads a file that has lost its end.
	name, err := sqlite.LookingDSN(path, sqlite.Lenient)
	if err != nil {
		return Ages{}, err
	}
	log := new(seal.Log) // of what is damaged already
	pool, err := sqlite.OpenPool(path, name, sqlite.SetUpReader(log))
	if err != nil {
		return Ages{}, err
	}
	defer pool.Close()
	tiers, lost, err := readTiers(ctx, db.New(pool))
	if lost.any() {
		return Ages{}, err
	}
	return tiers.Ages(), err
}

// plausible says that a history can have these ages: a file without checksums may say anything.
func (a Ages) plausible() bool {
	const day = 24 * time.Hour
	return a[Raw] >= Minute.Bucket() && a[Minute] >= max(a[Raw], FiveMinutes.Bucket()) &&
		a[FiveMinutes] >= max(a[Minute], Hour.Bucket()) && a[Hour] >= day && a[Hour] <= 365*day
}
