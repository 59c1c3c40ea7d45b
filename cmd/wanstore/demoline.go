package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

// demoSeed makes each demonstration the same.
const demoSeed = 2026

// outageGrid is where outages begin, so that buckets show the whole of them.
const outageGrid = 5 * time.Minute

// demoModel is a line that does not exist.
type demoModel struct {
	wan      string
	baseline float64 // ms
	download float64 // Mbit/s that it can do
	upload   float64
	swell    float64       // ms that the evening adds
	outage   time.Duration // how long ago that began, about
	lasting  time.Duration
}

func demoModels() []demoModel {
	const day = 24 * time.Hour
	return []demoModel{
		{wan: "demo-cable", baseline: 12, download: 240, upload: 35, swell: 55,
			outage: 2 * day, lasting: 45 * time.Minute},
		{wan: "demo-lte", baseline: 38, download: 60, upload: 12, swell: 25,
			outage: 2 * time.Hour, lasting: 4 * time.Minute},
	}
}

// demoLine records a line that does not exist.
type demoLine struct {
	demoModel

	number uint64
	series lineSeries
}

func newDemoLine(writer *service.Writer, model demoModel, number uint64) (*demoLine, error) {
	l := &demoLine{demoModel: model, number: number}
	labels := service.Labels{"demo": "true"}
	for metric, series := range map[string]**service.Series{
		service.RTT: &l.series.rtt, service.RTTBaseline: &l.series.baseline,
		service.RTTDelta: &l.series.delta, service.RTTJitter: &l.series.jitter,
		service.LossRatio: &l.series.loss, service.State: &l.series.state,
		service.RateDownload: &l.series.download, service.RateUpload: &l.series.upload,
	} {
		made, err := writer.Series(metric, model.wan, labels)
		if err != nil {
			return nil, err
		}
		*series = made
	}
	return l, nil
}

// append appends the samples of a cycle. What a line does depends on nothing but the moment and, of
// its outage, the begin of the demonstration.
func (l *demoLine) append(samples []service.Sample, at, begin time.Time) []service.Sample {
	chance := rand.New(rand.NewPCG(demoSeed+l.number, uint64(at.Unix()))) //nolint:gosec // no secret
	add := func(series *service.Series, value float64) {
		samples = append(samples, service.Sample{Series: series, Time: at, Value: value})
	}
	out := begin.Add(-l.outage).Truncate(outageGrid)
	if !at.Before(out) && at.Before(out.Add(l.lasting)) {
		add(l.series.state, float64(measure.Red))
		add(l.series.loss, 1)
		add(l.series.download, 0)
		add(l.series.upload, 0)
		return samples
	}
	load := demoLoad(at, chance)
	delta := l.swell*math.Pow(load, 4)*chance.ExpFloat64() + 0.8*chance.ExpFloat64()
	lost := 0.0
	if chance.Float64() < 0.0005+0.03*math.Pow(load, 6) {
		lost = 1
	}
	add(l.series.loss, lost)
	add(l.series.rtt, l.baseline+delta)
	add(l.series.jitter, 0.3+delta/8)
	add(l.series.baseline, l.baseline)
	add(l.series.delta, delta)
	add(l.series.state, float64(measure.StateAt(time.Duration(delta*float64(time.Millisecond)))))
	add(l.series.download, l.download*load*(0.6+0.4*chance.Float64()))
	add(l.series.upload, l.upload*load*(0.3+0.4*chance.Float64()))
	return samples
}

// demoLoad is how much of a line is in use, 0 to 1: little at night, most at half past eight in the
// evening.
func demoLoad(at time.Time, chance *rand.Rand) float64 {
	const evening, width = 20.5, 2.2 // hours
	local := at.Local()              //nolint:gosmopolitan // evenings are those of the people
	hour := float64(local.Hour()) + float64(local.Minute())/60
	away := (hour - evening) / width
	busy := math.Exp(-away * away / 2)
	awake := 0.5 + 0.5*math.Sin((hour-9)/24*2*math.Pi)
	return min(0.03+0.2*awake+0.7*busy+0.07*chance.Float64(), 1)
}
