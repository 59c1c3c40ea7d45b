package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// silentFor is after how many seconds without an answer a line looks for its path again, and
	// for the next address of its host. Each further look takes twice as long to come.
	silentFor    = 3
	maxSilentFor = 60
	// findLimit is how long a look may take: a resolver that is not there keeps one waiting.
	findLimit = 5 * time.Second
	// settling is how long a change of the routes is given to be complete: a change comes in
	// pieces.
	settling = 200 * time.Millisecond
	// lookEvery is the least time between two looks, however many changes there are.
	lookEvery = time.Second
)

// LineConfig says which line to measure, and how.
type LineConfig struct {
	// Host is what to ping; empty for the default gateway.
	Host string
	// Interface is whose bytes to count, and through which echoes leave whatever the routing table
	// says; empty for the one that leads to the host.
	Interface string
	// Probe is how to measure round-trip times.
	Probe Probe
	// Interval is the time between two echoes, at least [MinPingInterval].
	Interval time.Duration
	// Wait is how long an echo may stay without reply before it counts as lost, less than
	// [MaxWait]; 0 means [DefaultWait].
	Wait time.Duration
	// Logger gets each change of the line. Nil is slog.Default();
	// slog.New(slog.DiscardHandler) keeps it quiet.
	Logger *slog.Logger
}

// Line measures one line, for weeks if need be: its memory is bounded, and a network that goes away
// and comes back costs the measurements of that time and nothing else. It follows the line: default
// route, interface and name of the host are looked up again when the kernel changes a route and
// when nothing answers. All methods may be called from any goroutine, but [Line.Rate].
//
// A round trip ends when the kernel sees the reply, where it notes that (Linux does), so that the
// time a reply lies unread is not in it. What may be a delay of this machine is left out.
type Line struct {
	cfg   LineConfig
	books *ledger
	// But for tests these are of the machine.
	find  func(ctx context.Context) ([]Path, error)
	watch func(ctx context.Context, changed chan<- struct{})
	probe func(ctx context.Context, path Path)
	meter func(iface string) *Meter

	mu      sync.Mutex // held for copying alone
	path    Path       // not valid while there is none
	last    Path       // that there was
	err     error      // why there is none
	counter *Meter     // nil while there is no interface

	// Of the goroutine that runs.
	waits  string // what was said to be waited for
	looked time.Time
}

// NewLine checks the configuration, what this process may do, and looks for the line, for five
// seconds at most. That there is no line yet is no error: [Line.Run] waits for it.
//
// errors.Is finds [ErrNotPermitted] where echoes are insisted on and may not be sent, [ErrNoFarEnd]
// and [ErrNoZone] where only another host helps.
func NewLine(ctx context.Context, kernel Kernel, cfg LineConfig) (*Line, error) {
	if cfg.Wait == 0 {
		cfg.Wait = DefaultWait
	}
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	if err := cfg.check(); err != nil {
		return nil, err
	}
	probe, why, err := cfg.Probe.settle()
	if err != nil {
		return nil, err
	}
	cfg.Probe = probe
	if why != nil {
		cfg.Logger.Warn("round-trip times are those of TCP connections, one a second", "err", why)
	}
	l := &Line{cfg: cfg, books: newLedger(cfg.Wait), meter: kernel.NewMeter}
	l.watch = func(ctx context.Context, changed chan<- struct{}) {
		watchRoutes(ctx, cfg.Host != "", changed)
	}
	l.find = func(ctx context.Context) ([]Path, error) {
		return kernel.FindPaths(ctx, cfg.Host, cfg.Interface)
	}
	l.probe = newPinger(cfg, l.books).run
	if probe.tcp {
		l.probe = newKnocker(cfg, l.books).run
	}
	if cfg.Interface != "" {
		l.counter = l.meter(cfg.Interface)
	}
	if err := l.look(ctx, false); errors.Is(err, ErrNoFarEnd) || errors.Is(err, ErrNoZone) {
		return nil, err
	}
	return l, nil
}

// echoInterval is the time between two echoes, or two connections.
func (cfg LineConfig) echoInterval() time.Duration {
	if cfg.Probe.tcp {
		return max(cfg.Interval, tcpInterval)
	}
	return cfg.Interval
}

func (cfg LineConfig) check() error {
	if cfg.Interval < MinPingInterval {
		return fmt.Errorf("measure: interval %v is below %v", cfg.Interval, MinPingInterval)
	}
	if cfg.Wait < 0 || cfg.Wait >= MaxWait(cfg.Interval) {
		return fmt.Errorf("measure: wait %v for echoes every %v", cfg.Wait, cfg.Interval)
	}
	return nil
}

// Take appends to dst the replies that have arrived since the call before,
// oldest first, and returns the longer slice. It never waits, and does not
// allocate where dst has room.
func (l *Line) Take(dst []Reply) []Reply { return l.books.take(dst) }

// TakeOutcomes appends to dst what became of the echoes since the call before, in the order in
// which they were sent, and returns the longer slice. The outcome of an echo is known when it has
// been answered, however late, or is lost. Echoes behind one that may still be answered wait for
// it. Once [Line.Run] has ended, all outcomes that are known can be taken; echoes still on their
// way have none. It never waits, and does not allocate where dst has room.
func (l *Line) TakeOutcomes(dst []Outcome) []Outcome { return l.books.outcomes(dst) }

// Counts returns what has been counted until now.
func (l *Line) Counts() PingCounts { return l.books.count() }

// Err returns the latest error of sending or of a socket, nil if there never
// was one. Such errors do not end [Line.Run]; this is for the summary.
func (l *Line) Err() error { return l.books.lastError() }

// Probe returns how round-trip times are measured.
func (l *Line) Probe() Probe { return l.cfg.Probe }

// EchoInterval returns the time between two echoes: that of the configuration, and with TCP a
// second at least.
func (l *Line) EchoInterval() time.Duration { return l.cfg.echoInterval() }

// Path returns what is being measured. While there is no line ok is false, and it is what was
// measured last, the zero value if nothing was.
func (l *Line) Path() (path Path, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path.valid() {
		return l.path, true
	}
	return l.last, false
}

// current returns what is to be measured, the zero value while there is no line.
func (l *Line) current() Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.path
}

// Rate returns what passed the interface since the call before, as [Meter.Rate] does; there is none
// while there is no interface. It belongs to one goroutine.
func (l *Line) Rate() (rate Rate, ok bool, err error) {
	l.mu.Lock()
	counter, there := l.counter, l.path.valid()
	l.mu.Unlock()
	if counter == nil {
		return Rate{}, false, nil
	}
	rate, ok, err = counter.Rate()
	if !there && errors.Is(err, ErrNoInterface) {
		err = nil // it is waited for, and that has been said
	}
	return rate, ok, err
}

// Run measures until ctx ends, then returns once every goroutine it has started is gone. It blocks:
// call it once, in a goroutine, and wait for it. Errors of the network are counted ([PingCounts],
// [Line.Err]) and tried again; none of them ends it.
func (l *Line) Run(ctx context.Context) {
	defer l.books.end()
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // runs before the wait above
	changed := make(chan struct{}, 1)
	running.Go(func() { l.watch(ctx, changed) })

	l.sayWaiting()
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	silence := newSilence(l.books, l.cfg.echoInterval())
	var measured Path // the last one that was
	for ctx.Err() == nil {
		path, stop := l.current(), func() {}
		if path.valid() {
			if measured.valid() && measured != path {
				l.books.turn()
			}
			measured = path
			stop = l.start(ctx, path)
		}
		silence.seconds = 0
		l.stay(ctx, path, changed, seconds.C, silence)
		stop()
	}
}

// start measures over a path until it is told to stop.
func (l *Line) start(ctx context.Context, path Path) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { l.probe(ctx, path) })
	return func() {
		cancel()
		running.Wait()
	}
}

// stay looks for the path of the line again and again, and returns when it is another one, or ctx
// has ended.
func (l *Line) stay(
	ctx context.Context, path Path, changed <-chan struct{}, seconds <-chan time.Time,
	silence *silence,
) {
	for {
		dead := false
		select {
		case <-ctx.Done():
			return
		case <-changed:
			if !sleep(ctx, max(settling, lookEvery-time.Since(l.looked))) {
				return
			}
		case <-seconds:
			if dead = silence.tooLong(path.valid()); !dead {
				continue
			}
			if !path.valid() {
				l.books.expire(time.Now()) // nobody else does
			}
		}
		_ = l.look(ctx, dead) // it is kept, and said
		l.looked = time.Now()
		if ctx.Err() != nil {
			return
		}
		l.sayWaiting()
		if now := l.current(); now != path {
			l.sayChange(path, now)
			return
		}
	}
}

// look looks for the path of the line. Where the one there was is dead, the next address of the
// host has its turn. A host whose name cannot be looked up is where it was.
func (l *Line) look(ctx context.Context, dead bool) error {
	ctx, cancel := context.WithTimeout(ctx, findLimit)
	defer cancel()
	paths, err := l.find(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	if err != nil {
		if l.cfg.Host == "" && ctx.Err() == nil {
			l.path = Path{} // without a default route there is no line
		}
		return err
	}
	before := l.path
	l.path = choose(paths, before, dead)
	l.last = l.path
	if l.counter == nil || l.path.Interface != before.Interface {
		l.counter = l.meter(l.path.Interface)
	}
	return nil
}

// choose stays with the target there was, as long as it is one of the host's and alive.
func choose(paths []Path, before Path, dead bool) Path {
	at := slices.IndexFunc(paths, func(p Path) bool { return p.Target == before.Target })
	if at < 0 {
		return paths[0]
	}
	if dead {
		at++
	}
	return paths[at%len(paths)]
}

// sayWaiting says once what a line that is not there is waited for.
func (l *Line) sayWaiting() {
	l.mu.Lock()
	path, err := l.path, l.err
	l.mu.Unlock()
	if err == nil {
		l.waits = ""
		return
	}
	if path.valid() && l.waits == "" {
		return // it is measured where it was
	}
	if kind := missing(err); kind != l.waits {
		l.waits = kind
		l.cfg.Logger.Warn("waiting for the line", "err", err)
	}
}

func (l *Line) sayChange(before, now Path) {
	if !now.valid() {
		return // that has been said
	}
	args := []any{"target", now.Target, "interface", now.Interface}
	if before.valid() {
		args = append(args, "before", before.Target, "through", before.Interface)
	}
	l.cfg.Logger.Info("the line has changed", args...)
}

// silence tells how long nothing has answered. It counts the seconds in which somebody could have
// heard an answer.
type silence struct {
	books    *ledger
	answered uint64
	seconds  int
	limit    int
	least    int // of the limit
}

// newSilence allows for echoes that are sent less often than once a second.
func newSilence(books *ledger, interval time.Duration) *silence {
	least := max(silentFor, int(2*interval/time.Second)+1)
	return &silence{books: books, limit: least, least: least}
}

// tooLong is called once a second. Where there is no path to be heard of, two are too long.
func (s *silence) tooLong(path bool) bool {
	if answered := s.books.count().Received; answered != s.answered {
		s.answered, s.seconds, s.limit = answered, 0, s.least
		return false
	}
	s.seconds++
	if !path {
		return s.seconds%2 == 0
	}
	if s.seconds < s.limit {
		return false
	}
	s.seconds, s.limit = 0, max(s.least, min(2*s.limit, maxSilentFor))
	return true
}
