// Otherdriver prints the rows of the view metrics of a history, as a Go program reads them that
// knows nothing of wanstore and uses another driver. It is a module of its own, so that nobody else
// has to load that driver.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // the driver
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const question = `
SELECT timestamp, wan_name, metric_name, value, labels, granularity, count
FROM metrics
ORDER BY id`

// run prints one JSON list a row.
func run(path string) error {
	name := url.URL{Scheme: "file", OmitHost: true, Path: path}
	name.RawQuery = "mode=ro&_pragma=busy_timeout(5000)"
	pool, err := sql.Open("sqlite", name.String())
	if err != nil {
		return err
	}
	defer pool.Close()
	rows, err := pool.Query(question)
	if err != nil {
		return err
	}
	defer rows.Close()
	out := json.NewEncoder(os.Stdout)
	for rows.Next() {
		cells := make([]any, 7)
		targets := make([]any, len(cells))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := out.Encode(cells); err != nil {
			return err
		}
	}
	return rows.Err()
}
