package api

import (
	"context"
	"net/http"
	"time"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/report"
	"github.com/wanstore/wanstore/service"
)

// reportPath is where the reports are.
const reportPath = "/report"

// reportPoints is about how much room the making of a report takes, as points of an answer.
const reportPoints = defaultLimit

// serveReport answers with the report of a month.
func (a *API) serveReport(w http.ResponseWriter, r *http.Request) {
	query, err := parseReport(r.URL.RawQuery, time.Now())
	if err != nil {
		a.refuse(w, r, badRequest(err))
		return
	}
	room, err := a.capacity.reserve(r.Context(), reportPoints)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	defer room.done()
	made, err := a.report(r.Context(), query)
	room.read(0)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	body, err := marshal(made)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	web.SendJSON(w, http.StatusOK, append(body, '\n'))
}

func (a *API) report(ctx context.Context, query report.Query) (made report.Report, err error) {
	err = a.source.read(ctx, func(history *service.History) error {
		made, err = report.Make(ctx, history, query)
		return err
	})
	a.damaged.Store(isDamage(err))
	return made, err
}

// parseReport reads the query of a URL.
//
// Errors: *parameterError where one is to blame.
func parseReport(rawQuery string, now time.Time) (report.Query, error) {
	query, month := report.Query{Zone: time.UTC}, ""
	err := eachParameter(rawQuery, func(name string, texts []string) (err error) {
		switch text := texts[0]; {
		case len(texts) > 1:
			return wrongCount(name, texts)
		case name == paramMonth && text == "":
			return wrong(name, "is empty: leave it out to ask for the current one")
		case name == paramMonth:
			month = text
		case name == paramWAN:
			query.WAN, err = parseWAN(text)
		case name == paramZone:
			query.Zone, err = parseZone(text)
		default:
			return wrong(name, "is no parameter: want month, tz or wan")
		}
		return err
	})
	if err != nil {
		return query, err
	}
	query.From, query.Until, err = report.ParseMonth(month, query.Zone, now)
	if err != nil {
		err = wrong(paramMonth, "%w", err)
	}
	return query, err
}
