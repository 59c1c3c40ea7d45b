package push

import (
	"context"
	"errors"
	"slices"
	"time"
)

// errLost ends what is under way after an error of the transport: what was sent last may be lost,
// and what is to be sent next has to be settled again.
var errLost = errors.New("the receiver cannot be reached")

const (
	// patience is how often a batch may fail with a 5xx before the receiver is asked whether it
	// takes other samples.
	patience = 5

	// singles is how many samples of a batch are refused one by one in a row before stretches
	// are judged by their ends and their middle.
	singles = 32
)

// shipping sends batches until each sample is taken or parked.
type shipping struct {
	post  func(ctx context.Context, b batch) answer
	pause func(ctx context.Context, a answer, attempt int) error // until the next try
	// probe sends what the receiver took last once more, or nothing where it has taken nothing yet.
	probe func(ctx context.Context) evidence
}

// evidence is what the answer to a probe says of a receiver that fails.
type evidence uint8

const (
	fails    evidence = iota // it is in trouble, whatever it is sent
	unproven                 // the probe was empty or refused: a full disk does not keep it from that
	alive                    // it still stores samples, so it fails because of what it is sent
)

// parked are samples of one series that the receiver does not take.
type parked struct {
	run
	words string
}

// ship sends a batch and returns what the receiver does not take.
//
// Errors: errLost, and that of ctx.
func (s *shipping) ship(ctx context.Context, b batch) ([]parked, error) {
	for failures := 0; ; {
		a, err := s.ask(ctx, b)
		switch {
		case err != nil:
			return nil, err
		case a.verdict == taken:
			return nil, nil
		case a.verdict == lost:
			return nil, errLost
		case a.verdict == rejected:
			return s.bisect(ctx, b, a)
		}
		if failures++; failures >= patience {
			is := s.probe(ctx)
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			if is != fails {
				list, err := s.bisect(ctx, b, a)
				if !errors.Is(err, errTrouble) {
					return list, err
				}
			}
		}
		if err := s.pause(ctx, a, failures); err != nil {
			return nil, err
		}
	}
}

// ask posts a batch until the answer is about the batch, or is lost.
func (s *shipping) ask(ctx context.Context, b batch) (answer, error) {
	for attempt := 1; ; attempt++ {
		a := s.post(ctx, b)
		if err := context.Cause(ctx); err != nil {
			return a, err
		}
		if slices.Contains(aboutSamples, a.verdict) {
			return a, nil
		}
		if err := s.pause(ctx, a, attempt); err != nil {
			return a, err
		}
	}
}

// aboutSamples are the verdicts after which waiting alone changes nothing.
var aboutSamples = []verdict{taken, lost, rejected, failing}

// errTrouble ends a bisection in which the receiver fails whatever it is sent.
var errTrouble = errors.New("the receiver is in trouble")

// bisection finds the samples of a batch that a receiver does not take.
type bisection struct {
	*shipping
	parked  []parked
	refused int // one by one, since something was taken
	doubted int // of parked those that failed before the receiver was seen to take anything
}

// mostDoubted is how many samples may fail one by one before the receiver is in trouble, if it was
// not seen to take any.
const mostDoubted = 8

// bisect halves a batch that was refused with an answer, until only refused samples are left.
//
// Errors: errTrouble, errLost, and that of ctx.
func (s *shipping) bisect(ctx context.Context, b batch, why answer) ([]parked, error) {
	search := bisection{shipping: s}
	err := search.narrow(ctx, b, why)
	if err == nil && search.doubted > 0 {
		err = search.prove(ctx)
	}
	if err == nil && search.doubted > 0 {
		err = errTrouble // all failed, and nothing says that the receiver takes anything
	}
	return search.parked, err
}

// narrow parks what is refused of a batch that was.
func (s *bisection) narrow(ctx context.Context, b batch, why answer) error {
	size := b.size()
	if size == 1 {
		return s.park(ctx, b, why)
	}
	if s.refused >= singles && size > 3 {
		if hopeless, err := s.sampled(ctx, b); hopeless || err != nil {
			if hopeless {
				s.parkAll(b, why)
			}
			return err
		}
	}
	first, second := b.split()
	for _, half := range []batch{first, second} {
		if err := s.try(ctx, half); err != nil {
			return err
		}
	}
	return nil
}

// try sends a part of a batch that was refused.
func (s *bisection) try(ctx context.Context, b batch) error {
	a, err := s.ask(ctx, b)
	switch {
	case err != nil:
		return err
	case a.verdict == lost:
		return errLost
	case a.verdict == taken:
		s.refused = 0
		return nil
	}
	return s.narrow(ctx, b, a)
}

// park parks a single sample. One that failed with a 5xx is parked only if the receiver still takes
// others.
func (s *bisection) park(ctx context.Context, b batch, why answer) error {
	if why.verdict == failing {
		s.doubted++
		if err := s.prove(ctx); err != nil {
			return err
		}
	}
	s.refused++
	s.parkAll(b, why)
	return nil
}

// prove finds out whether the receiver takes anything, while samples fail.
//
// Errors: errTrouble, and that of ctx.
func (s *bisection) prove(ctx context.Context) error {
	is := s.probe(ctx)
	switch err := context.Cause(ctx); {
	case err != nil:
		return err
	case is == alive:
		s.doubted = 0
	case is == fails || s.doubted >= mostDoubted:
		return errTrouble
	}
	return nil
}

func (s *bisection) parkAll(b batch, why answer) {
	for _, r := range b {
		s.parked = append(s.parked, parked{r, why.words})
	}
}

// sampled reports that the first, the middle and the last sample of a batch are refused each.
func (s *bisection) sampled(ctx context.Context, b batch) (hopeless bool, err error) {
	size := b.size()
	for _, at := range []int{0, size / 2, size - 1} {
		_, from := b.cut(at)
		one, _ := from.cut(1)
		a, err := s.ask(ctx, one)
		switch {
		case err != nil:
			return false, err
		case a.verdict == lost:
			return false, errLost
		case a.verdict == taken:
			s.refused = 0
			return false, nil
		case a.verdict == failing:
			s.doubted++
			if err := s.prove(ctx); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// backoff returns how long to wait after so many failures in a row: a second at first, twice as
// long each time, a minute at the most, and jittered, so that many senders do not come at once.
func backoff(attempt int, random func() float64) time.Duration {
	const shortest, longest = time.Second, time.Minute
	wait := min(shortest<<min(max(attempt, 1)-1, 10), longest)
	return wait/2 + time.Duration(random()*float64(wait/2))
}
