package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/wanstore/wanstore/internal/web"
	"github.com/wanstore/wanstore/report"
	"github.com/wanstore/wanstore/service"
)

// historyPath is where the points are.
const historyPath = "/metrics/history"

// serveHistory answers with a page of points.
func (a *API) serveHistory(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuestion(r.URL.RawQuery, time.Now())
	if err != nil {
		a.refuse(w, r, badRequest(err))
		return
	}
	room, err := a.capacity.reserve(r.Context(), q.limit)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	defer room.done()
	reply, err := a.reply(r.Context(), q)
	room.read(len(reply.page.Points))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	meta := newMetadata(q, reply.page)
	if q.csv {
		reply.sendCSV(w, meta)
		return
	}
	body, err := reply.encode(meta)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	web.SendJSON(w, http.StatusOK, body)
}

// reply is what the history says to a question.
type reply struct {
	page      service.Page
	quantiles []float64 // that were asked for
	metrics   described
	latest    []service.Point            // nil if nobody has asked
	summaries []service.Summary          // nil if nobody has asked
	outages   map[string][]report.Outage // by WAN, nil if nobody has asked
}

func (a *API) reply(ctx context.Context, q question) (said reply, err error) {
	said.quantiles = q.quantiles
	err = a.source.read(ctx, func(history *service.History) error {
		if said.page, err = history.Page(ctx, q.Query, q.limit, q.offset); err != nil {
			return err
		}
		if err = addOthers(ctx, history, q, &said); err != nil {
			return err
		}
		said.metrics, err = metricsOf(ctx, history)
		return err
	})
	a.damaged.Store(isDamage(err))
	return said, err
}

// addOthers adds what was asked for beside the points.
func addOthers(
	ctx context.Context, history *service.History, q question, said *reply,
) (err error) {
	if q.latest {
		if said.latest, err = history.Latest(ctx, q.Filter); err != nil {
			return err
		}
	}
	if q.summary {
		said.summaries, err = history.Summarize(ctx, q.whole(said.page.Until))
		if err != nil {
			return err
		}
		said.summaries = slices.Grow(said.summaries, 1) // not nil
	}
	if q.outages {
		said.outages, err = report.Outages(ctx, history,
			report.Query{From: q.From, Until: said.page.Until, WAN: q.WAN})
	}
	return err
}

func newMetadata(q question, page service.Page) metadata {
	meta := metadata{
		From: appendSeconds(nil, q.From), To: appendSeconds(nil, page.Until),
		Step: appendMicros(nil, q.Step.Microseconds()), Months: q.Months,
		Granularities: granularitiesOf(page.Points), Order: q.order(), Limit: q.limit, Offset: q.offset,
		Total: page.Total, Returned: len(page.Points),
	}
	if next := q.offset + len(page.Points); int64(next) < page.Total {
		url := "?" + q.nextQuery(page.Until, next)
		meta.NextOffset, meta.Next = &next, &url
	}
	return meta
}
