package push

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

// ordersVariable holds the orders of a process that is a sender and no test.
const ordersVariable = "WANSTORE_TEST_SENDER"

// orders say what such a process does: it sends as `wanstore push` does, by a clock that is set
// ahead, so that nobody waits an hour for an audit.
type orders struct {
	DB, To string
	Ahead  time.Duration
}

// obey is the life of such a process, until it is interrupted. Each line that it reads says how far
// ahead its clock is from then on.
func obey(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	var ahead atomic.Int64
	ahead.Store(int64(o.Ahead))
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			d, err := time.ParseDuration(lines.Text())
			if err != nil {
				panic(err)
			}
			ahead.Store(int64(d))
		}
	}()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	w, err := service.OpenWriter(ctx, service.Config{DBPath: o.DB},
		service.Options{Logger: logger, NoMaintenance: true})
	if err != nil {
		return err
	}
	defer func() { _ = w.Close(context.WithoutCancel(ctx)) }()
	s, err := push.Open(ctx, w, push.Config{URL: o.To, Site: site}, push.Options{
		Logger: logger,
		Now:    func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err != nil {
		return err
	}
	s.Run(ctx)
	return s.Close()
}

// sendByClock starts a sender whose clock is ahead, and can be set. The test ends it.
func sendByClock(t testing.TB, r *receiver, db string, ahead time.Duration) *sender {
	t.Helper()
	text, err := json.Marshal(orders{db, r.writeURL(), ahead})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, db, func() *exec.Cmd {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), fmt.Sprintf("%s=%s", ordersVariable, text))
		return command
	})
}

// setAhead sets its clock ahead of the machine's.
func (s *sender) setAhead(d time.Duration) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.input, d); err != nil {
		s.t.Fatal(err)
	}
}

// audited waits until all that was sent has been audited and was there, or has been sent again.
func (s *sender) audited() {
	s.t.Helper()
	var last state
	var text string
	if !within(2*enough, func() bool {
		last, text = s.status()
		return last.LateBuckets == 0 && !last.ConfirmedUntil.Before(last.SentUntil)
	}) {
		s.t.Errorf("not all is confirmed: %s", text)
	}
	if last.Audit.Doubled != 0 || last.Audit.Unrepaired != 0 {
		s.t.Errorf("an audit finds what it should not: %s", text)
	}
}
