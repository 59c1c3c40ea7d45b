package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wanstore/wanstore/repo"
)

const (
	// walkInterval is how often all rows of the file are looked at.
	walkInterval = 24 * time.Hour

	// walkSteps bounds what a pass looks at, some ten milliseconds a step, so that what is due is
	// rolled up in time.
	walkSteps = 100
)

// Unsound says what is left out of one table, or of one tier in it, because it is not as it was
// written: a card or a disk has changed it.
type Unsound struct {
	Table string
	// Granularity is raw, 1m, 5m or 1h; "" for a table without tiers and for a row that does not
	// say.
	Granularity string
	Rows        int64 // that are left out
	// From and Until are the first and the last moment that these rows give, zero for a table
	// without moments.
	From, Until time.Time
}

// String is for people.
func (u Unsound) String() string {
	text := fmt.Sprintf("%d of %s", u.Rows, u.Table)
	if u.Granularity != "" {
		text += " " + u.Granularity
	}
	if u.From.IsZero() {
		return text
	}
	return fmt.Sprintf("%s from %s to %s", text, u.From.UTC().Format(time.RFC3339),
		u.Until.UTC().Format(time.RFC3339))
}

// place is what the log tells of once.
func (u Unsound) place() [2]string { return [2]string{u.Table, u.Granularity} }

func unsoundOf(list []repo.Unsound) []Unsound {
	var shown []Unsound
	for _, one := range list {
		u := Unsound{Table: one.Table, Granularity: one.Granularity, Rows: one.Rows}
		if one.From != 0 || one.Until != 0 {
			u.From, u.Until = one.From.Time(), one.Until.Time()
		}
		shown = append(shown, u)
	}
	return shown
}

func unsoundProblems(list []Unsound) []Problem {
	if len(list) == 0 {
		return nil
	}
	texts := make([]string, 0, len(list))
	for _, one := range list {
		texts = append(texts, one.String())
	}
	return []Problem{{ContentDamaged,
		"rows are not as they were written, and are left out: " + strings.Join(texts, ", ")}}
}

// Unsound returns what reading has left out since the history was opened, as far as the tiers still
// hold it. It does no I/O.
func (h *History) Unsound() []Unsound { return unsoundOf(h.reader.Unsound()) }

// noteUnsound tells of places at which rows are left out, once each.
func (l *loop) noteUnsound() {
	list := unsoundOf(l.store.Unsound())
	for _, one := range l.stats.leftOut(list, l.store.Unmerged()) {
		l.log.Warn("rows are not as they were written, and are left out", "table", one.Table,
			"granularity", one.Granularity, "rows", one.Rows, "from", one.From, "until", one.Until)
	}
}

// walk is the state of looking at all rows, over as many passes as that takes.
type walk struct {
	state repo.Walk
	under bool      // way
	began time.Time // the last one
}

// due says that a pass has something to look at, and begins it.
func (w *walk) due() bool {
	if !w.under && (w.began.IsZero() || time.Since(w.began) >= walkInterval) {
		w.state, w.under, w.began = repo.Walk{}, true, time.Now()
	}
	return w.under
}

// lookThrough is the last stage of a pass: it looks at some of the rows, once a day at all of them.
func (p *pass) lookThrough(l *loop) stage {
	left := walkSteps
	return stage{"look through", func(ctx context.Context) (bool, error) {
		if left == 0 || !l.walk.due() {
			return false, nil
		}
		left--
		more, err := l.store.Walk(ctx, &l.walk.state)
		l.walk.under = more && err == nil
		return l.walk.under && left > 0, err
	}}
}
