package push

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Options is what a program gives a sender beside the configuration. Every field may be left out.
type Options struct {
	Logger *slog.Logger // nil is slog.Default()
	// Now is the clock that buckets settle by, time.Now by default.
	Now func() time.Time
}

// Sender sends a history to one target. One process at a time may do so.
type Sender struct {
	config Config
	log    *slog.Logger
	writer *service.Writer
	reader reader
	lock   io.Closer
	now    func() time.Time
	random func() float64

	granularity service.Granularity
	place       place
	naming      naming
	catalog     catalog // of the goroutine that sends
	poster      poster
	asker       asker
	encoder     encoder
	pace        pace
	losses      losses
	again       []span // that were taken back
	shipping    shipping
	lastGood    batch     // the sample that the receiver took last
	held        time.Time // where the work begins of which it took nothing, zero for none
	troubles    trouble   // what does not go on
	jitter      time.Duration
	closed      sync.Once
}

// Open makes ready to send the history of a writer. The caller closes the sender before the writer.
//
// Errors: service.ConfigErrors, ErrNameTaken, service.ErrDeliveryLocked where another process sends
// to the same target, those of the file, and that of ctx.
func Open(
	ctx context.Context, writer *service.Writer, config Config, options Options,
) (*Sender, error) {
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	s := &Sender{
		config: config, writer: writer, log: options.Logger, now: options.Now, random: rand.Float64,
		place: place{target: config.Target(), config: config, writer: writer, moving: newTurn()},
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.log = s.log.With("target", config.URL)
	s.shipping = shipping{
		post: s.post, pause: s.pause, probe: s.probe, inOrder: config.Order == OldestFirst,
	}
	var err error
	if s.granularity, err = service.ParseGranularity(config.Granularity); err != nil {
		return nil, err
	}
	s.naming = naming{fixed: config.fixed(), suffix: config.Suffix,
		percentiles: config.Percentiles, granularity: s.granularity}
	s.catalog.naming = s.naming
	s.pace = pace{rate: config.ReplayRate}
	s.jitter = time.Duration(s.random() * float64(mostJitter))
	s.losses.ended = make(chan struct{}, 1)
	if s.poster, s.asker, err = connect(config, s.now, s.disconnected); err != nil {
		return nil, err
	}
	if s.lock, err = writer.LockDelivery(ctx, s.place.target); err != nil {
		return nil, err
	}
	s.reader = reader{path: writer.Path(), opened: s.place.load, turn: newTurn()}
	if err := s.reader.view(ctx, s.check); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// check refuses names that are taken.
func (s *Sender) check(view *service.Snapshot) error {
	if s.granularity == service.Raw {
		return nil
	}
	return s.naming.checkNames(view.Series())
}

// Close gives up the lock of the target. A second call does nothing. Run has to have ended.
func (s *Sender) Close() error {
	var err error
	s.closed.Do(func() {
		s.poster.client.CloseIdleConnections()
		s.asker.client.CloseIdleConnections()
		err = errors.Join(s.reader.close(), s.lock.Close())
	})
	return err
}

// Run sends until ctx is done, and then returns nil. What fails is tried again.
func (s *Sender) Run(ctx context.Context) {
	var auditing sync.WaitGroup
	auditing.Go(func() { s.audit(ctx) })
	defer auditing.Wait()
	s.losses.feared = true // what the last sender sent last may be gone with its receiver
	for failures, away := 0, false; ctx.Err() == nil; {
		more, err := s.next(ctx, away)
		away = errors.Is(err, errLost)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			if !more {
				s.idle(ctx)
			}
			continue
		case errors.Is(err, service.ErrDeliveryMoved):
			s.log.Warn("the file says something else of what was sent: going on from there")
			err = s.reader.view(ctx,
				func(view *service.Snapshot) error { return s.place.load(ctx, view) })
			s.again = nil
		}
		if err == nil {
			continue
		}
		failures++
		s.waitAfter(ctx, err, failures)
	}
}

// waitAfter gets over what went wrong so many times in a row, and waits until the next try.
func (s *Sender) waitAfter(ctx context.Context, err error, failures int) {
	if h, ok := errors.AsType[*heldError](err); ok { // by then something else may be due
		s.answered(h.answer)
		s.wait(ctx, h.answer, max(failures, s.shipping.failures))
		return
	}
	if !errors.Is(err, errLost) {
		s.failed(err)
	}
	sleep(ctx, backoff(failures, s.random))
}

// next sends one chunk, and says whether more may be due. While the receiver is away it is asked
// first whether it is back, with nothing in the POST: reading a chunk costs more.
func (s *Sender) next(ctx context.Context, away bool) (more bool, err error) {
	if away {
		s.losses.feared = true
	}
	if err := s.recover(ctx); err != nil {
		return false, err
	}
	if away {
		if a := s.poster.post(ctx, s.encoder.encode(nil)); a.verdict == lost {
			return false, errLost
		}
	}
	return s.step(ctx)
}

// step sends one chunk, and says whether more may be due.
func (s *Sender) step(ctx context.Context) (more bool, err error) {
	var w work
	var c chunk
	err = s.reader.view(ctx, func(view *service.Snapshot) error {
		if w, more, err = s.plan(ctx, view); err != nil || !more {
			return err
		}
		if w.marks == nil && s.unclaimed(w) || len(w.cleared) > 0 {
			return nil
		}
		if err := s.catalog.update(ctx, view); err != nil {
			return err
		}
		c, err = s.catalog.gather(ctx, view, w.granularity, w.span.from, w.span.until,
			chunkSize(s.config.ReplayRate), w.wanted())
		return err
	})
	switch {
	case err != nil || !more:
		if err == nil {
			s.troubles.idle()
		}
		return false, err
	case len(w.cleared) > 0:
		return true, s.clear(ctx, w)
	case w.marks == nil && s.unclaimed(w):
		return true, s.claim(ctx, w)
	}
	s.troubles.due(s.now())
	list, err := s.send(ctx, c, w.replay)
	if err != nil {
		if _, ok := errors.AsType[*heldError](err); ok {
			s.held = w.span.from
		}
		return false, err
	}
	if c.batch.size() > 0 && s.troubles.over() {
		s.log.Info("the receiver takes samples again")
	}
	return true, s.settle(ctx, w, c, list)
}

// marksRead is how many marks are read at a time: those of an hour of that many series.
const marksRead = 10_000

// allRows is no limit to how many rows are read.
const allRows = -1

// endOfTime is behind all that a file has.
var endOfTime = time.Unix(1<<40, 0)

func (s *Sender) plan(ctx context.Context, view *service.Snapshot) (work, bool, error) {
	ledger, begun, _ := s.place.look()
	p := planning{
		granularity: s.granularity, tiers: view.Tiers(), ledger: ledger, begun: begun,
		due: s.now().Add(-s.config.Settle).UTC().Round(0), order: s.config.Order, held: s.held,
	}
	if err := s.expire(ctx, view, &p); err != nil {
		return work{}, false, err
	}
	marks, err := view.Unsent(ctx, s.place.target, time.Time{}, endOfTime, marksRead)
	if err != nil {
		return work{}, false, err
	}
	s.place.marked(marks)
	w, ok := p.next(marks)
	if w.marks == nil {
		w.span = s.apart(w.span)
	}
	return w, ok, nil
}

// unclaimed reports that the file does not know yet that the work is about to be done.
func (s *Sender) unclaimed(w work) bool {
	ledger, _, _ := s.place.look()
	return len(ledger.claim(w.granularity, w.span).added) > 0
}

// claim notes that the work is about to be done.
func (s *Sender) claim(ctx context.Context, w work) error {
	return s.place.move(ctx, func(l ledger, _ *Report) (service.DeliveryChange, error) {
		c := l.claim(w.granularity, w.span)
		return service.DeliveryChange{Removed: c.removed, Added: c.added}, nil
	})
}

// clear takes back marks that need no sending.
func (s *Sender) clear(ctx context.Context, w work) error {
	return s.place.move(ctx, func(ledger, *Report) (service.DeliveryChange, error) {
		return service.DeliveryChange{Cleared: w.cleared}, nil
	})
}

// send posts a chunk, and returns what the receiver does not take.
func (s *Sender) send(ctx context.Context, c chunk, replay bool) ([]parked, error) {
	s.losses.part = false
	var list []parked
	for _, r := range c.alike {
		list = append(list, parked{r, "not sent: another series has the same labels there"})
	}
	for _, b := range c.batch.batches(s.config.BatchSize) {
		if replay {
			if err := s.paced(ctx, b.size()); err != nil {
				return nil, err
			}
		}
		refused, err := s.shipping.ship(ctx, b)
		if err != nil {
			return nil, err
		}
		list = append(list, refused...)
	}
	return list, nil
}

func (s *Sender) post(ctx context.Context, b batch) answer {
	a := s.poster.post(ctx, s.encoder.encode(b))
	if ctx.Err() != nil {
		return a
	}
	s.answered(a)
	if a.verdict == taken && b.size() > 0 {
		s.losses.taken()
		s.held = time.Time{}
		// The newest of a series is what a receiver takes twice that takes nothing older.
		_, s.lastGood = b.cut(b.size() - 1)
	}
	return a
}

// answered notes an answer.
func (s *Sender) answered(a answer) {
	if s.troubles.answered(a) {
		s.log.Warn("the receiver takes nothing, what is due waits", "answer", a.String())
	}
}

// probe sends what the receiver took last once more and, where there is nothing or that is too old
// by now, a message without samples.
func (s *Sender) probe(ctx context.Context) (evidence, answer) {
	if s.lastGood.size() > 0 {
		switch a := s.poster.post(ctx, s.encoder.encode(s.lastGood)); a.verdict {
		case taken:
			return takesSamples, a
		case rejected:
		default:
			return takesNothing, a
		}
	}
	a := s.poster.post(ctx, s.encoder.encode(nil))
	if a.verdict == taken {
		return takesEmpty, a
	}
	return takesNothing, a
}

// failed notes what is wrong with the file.
func (s *Sender) failed(err error) {
	if s.troubles.failed(err, s.now()) {
		s.log.Warn("what is due waits", "err", err)
	}
}

// barredPause is how long a sender waits that is not let in.
const barredPause = 5 * time.Minute

// pause waits until the next try.
func (s *Sender) pause(ctx context.Context, a answer, attempt int) error {
	s.wait(ctx, a, attempt)
	return context.Cause(ctx)
}

// wait waits as long as an answer asks for, after so many like it.
func (s *Sender) wait(ctx context.Context, a answer, attempt int) {
	if a.gone {
		s.behind(ctx)
	}
	wait := max(a.wait, backoff(attempt, s.random))
	if a.verdict == barred {
		wait = max(wait, barredPause)
	}
	sleep(ctx, wait)
}

// mostJitter is how much later than it could a sender begins, so that many do not come at once.
const mostJitter = 10 * time.Second

// untilDue is how long it takes until the next bucket has settled.
func (s *Sender) untilDue() time.Duration {
	width := freshRaw
	if s.granularity != service.Raw {
		width = s.granularity.Bucket()
	}
	settled := s.now().UTC().Add(-s.config.Settle - s.jitter)
	return min(max(roundUp(settled, width).Sub(settled), time.Second), time.Minute)
}

// sleep waits so long, or until ctx is done.
func sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
