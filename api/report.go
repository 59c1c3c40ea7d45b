package api

import (
	"bytes"
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

// serveReport answers with the report of a month, as JSON or CSV.
func (a *API) serveReport(w http.ResponseWriter, r *http.Request) {
	q, err := parseReport(r.URL.RawQuery, time.Now())
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
	made, err := a.report(r.Context(), q.Query)
	room.read(0)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if q.csv {
		a.sendReportCSV(w, r, made)
		return
	}
	body, err := marshal(made)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	web.SendJSON(w, http.StatusOK, append(body, '\n'))
}

func (a *API) sendReportCSV(w http.ResponseWriter, r *http.Request, made report.Report) {
	var body bytes.Buffer
	if err := made.WriteCSV(&body); err != nil {
		a.refuse(w, r, err)
		return
	}
	sendCSV(w, body.Bytes())
}

func (a *API) report(ctx context.Context, query report.Query) (made report.Report, err error) {
	err = a.source.read(ctx, func(history *service.History) error {
		made, err = report.Make(ctx, history, query)
		return err
	})
	a.damaged.Store(isDamage(err))
	return made, err
}

// reportQuestion is what was asked for.
type reportQuestion struct {
	report.Query
	csv bool
}

// parseReport reads the query of a URL.
//
// Errors: *parameterError where one is to blame.
func parseReport(rawQuery string, now time.Time) (reportQuestion, error) {
	q, month := reportQuestion{Query: report.Query{Zone: time.UTC}}, ""
	err := eachParameter(rawQuery, func(name string, texts []string) (err error) {
		switch text := texts[0]; {
		case len(texts) > 1:
			return wrongCount(name, texts)
		case name == paramMonth && text == "":
			return wrong(name, "is empty: leave it out to ask for the current one")
		case name == paramMonth:
			month = text
		case name == paramWAN:
			q.WAN, err = parseWAN(text)
		case name == paramZone:
			q.Zone, err = parseZone(text)
		case name == paramFormat:
			q.csv, err = parseChoice(name, text, formatCSV, formatJSON)
		default:
			return wrong(name, "is no parameter: want month, tz, wan or format")
		}
		return err
	})
	if err != nil {
		return q, err
	}
	q.From, q.Until, err = report.ParseMonth(month, q.Zone, now)
	if err != nil {
		err = wrong(paramMonth, "%w", err)
	}
	return q, err
}
