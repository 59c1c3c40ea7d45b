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

// heldError ends what is under way where the receiver was not seen to take anything, so that
// nothing says whether it refuses samples. It may take others.
type heldError struct{ answer answer }

// Error says what the receiver has answered.
func (e *heldError) Error() string { return "the receiver takes nothing: " + e.answer.words }

// held returns a heldError. Where nothing is taken, a 4xx is meant for the sender.
func held(a answer) error {
	if a.verdict == rejected {
		a.verdict = barred
	}
	return &heldError{a}
}

const (
	// patience is how often POSTs may fail with a 5xx in a row before the receiver is asked
	// whether it takes other samples.
	patience = 5

	// neighbors is of how many series of a batch a sample is sent alone to see whether any is taken.
	neighbors = 8

	// singles is how many samples of a batch are refused one by one in a row before stretches
	// are judged by some samples of each series, and of how many series at the most.
	singles, judged = 32, 100
)

// shipping sends batches until each sample is taken or parked.
type shipping struct {
	post  func(ctx context.Context, b batch) answer
	pause func(ctx context.Context, a answer, attempt int) error // until the next try
	// probe finds out what the receiver takes at all, and returns its last answer.
	probe func(ctx context.Context) (evidence, answer)

	inOrder  bool // of a series the receiver takes nothing that is older than it has
	failures int  // with a 5xx, since a batch was taken
}

// evidence is what a receiver was seen to take.
type evidence uint8

const (
	takesNothing evidence = iota
	takesEmpty            // messages without samples: a full disk does not keep it from that
	takesSamples          // so it refuses others because of what they are
)

// proof is what the receiver has to be seen to take before samples are parked with an answer.
func (a answer) proof() evidence {
	if a.ofSamples {
		return takesEmpty
	}
	return takesSamples
}

// parked are samples of one series that the receiver does not take.
type parked struct {
	run
	words string
}

// ship sends a batch and returns what the receiver does not take.
//
// Errors: errLost, a heldError, and that of ctx.
func (s *shipping) ship(ctx context.Context, b batch) ([]parked, error) {
	for {
		a, err := s.ask(ctx, b)
		switch {
		case err != nil:
			return nil, err
		case a.verdict == taken:
			s.failures = 0
			return nil, nil
		case a.verdict == failing:
			s.failures++
		}
		if a.verdict == rejected || s.failures >= patience {
			return s.bisect(ctx, b, a)
		}
		if err := s.pause(ctx, a, s.failures); err != nil {
			return nil, err
		}
	}
}

// ask posts a batch until the answer is about the batch.
//
// Errors: errLost, and that of ctx.
func (s *shipping) ask(ctx context.Context, b batch) (answer, error) {
	for attempt := 1; ; attempt++ {
		a := s.post(ctx, b)
		if err := context.Cause(ctx); err != nil {
			return a, err
		}
		switch a.verdict {
		case taken, rejected, failing:
			return a, nil
		case lost:
			return a, errLost
		case busy, barred, strange:
		}
		if err := s.pause(ctx, a, attempt); err != nil {
			return a, err
		}
	}
}

// prove makes sure that the receiver takes other samples than those that it has refused with an
// answer: it is probed, and sent some of a batch.
//
// Errors: a heldError where it was not seen to, errLost, and that of ctx.
func (s *shipping) prove(ctx context.Context, b batch, why answer) error {
	seen, a := s.probe(ctx)
	switch err := context.Cause(ctx); {
	case err != nil:
		return err
	case a.verdict == lost:
		return errLost
	case seen >= why.proof():
		return nil
	case seen == takesNothing:
		return held(a)
	}
	for _, one := range b.oldest(neighbors) {
		a, err := s.ask(ctx, one)
		if err != nil || a.verdict == taken {
			return err
		}
	}
	return held(why)
}

// bisection finds the samples of a batch that a receiver does not take.
type bisection struct {
	*shipping
	parked  []parked
	refused int // one by one, since something was taken
}

// bisect halves a batch that was refused with an answer, until only refused samples are left.
//
// Errors: a heldError, errLost, and that of ctx.
func (s *shipping) bisect(ctx context.Context, b batch, why answer) ([]parked, error) {
	if err := s.prove(ctx, b, why); err != nil {
		return nil, err
	}
	search := bisection{shipping: s}
	err := search.narrow(ctx, b, why)
	return search.parked, err
}

// narrow parks what is refused of a batch that was.
func (s *bisection) narrow(ctx context.Context, b batch, why answer) error {
	size := b.size()
	if size == 1 {
		return s.park(ctx, b, why)
	}
	if s.refused >= singles && size > 3 && !s.inOrder { // else a newer one would keep others out
		if hopeless, err := s.sampled(ctx, b); hopeless || err != nil {
			if hopeless {
				s.parkAll(b, why)
			}
			return err
		}
	}
	first, second := b.split()
	for _, half := range []batch{first, second} {
		a, err := s.try(ctx, half)
		if err == nil && a.verdict != taken {
			err = s.narrow(ctx, half, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// try sends a part of a batch that was refused.
func (s *bisection) try(ctx context.Context, b batch) (answer, error) {
	a, err := s.ask(ctx, b)
	if err == nil && a.verdict == taken {
		s.refused = 0
	}
	return a, err
}

// park parks a single sample.
func (s *bisection) park(ctx context.Context, b batch, why answer) error {
	if err := s.sure(ctx, why); err != nil {
		return err
	}
	s.refused++
	s.parkAll(b, why)
	return nil
}

// sure makes sure that the receiver still takes others, unless its answer is meant for samples.
func (s *bisection) sure(ctx context.Context, why answer) error {
	if why.ofSamples {
		return nil
	}
	return s.prove(ctx, nil, why)
}

func (s *bisection) parkAll(b batch, why answer) {
	for _, r := range b {
		s.parked = append(s.parked, parked{r, why.words})
	}
}

// sampled reports that of each series of a batch, or of some of many, the newest, the middle and
// the oldest sample are refused: what is too old is so until some moment.
func (s *bisection) sampled(ctx context.Context, b batch) (hopeless bool, err error) {
	for _, n := range spread(len(b), judged) {
		r := b[n]
		newest := len(r.samples) - 1
		for _, at := range slices.Compact([]int{newest, newest / 2, 0}) {
			a, err := s.try(ctx, r.at(at))
			if err != nil || a.verdict == taken {
				return false, err
			}
			if err := s.sure(ctx, a); err != nil {
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
