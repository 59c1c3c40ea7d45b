package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

func newPushStatus() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how far a history has been sent, and what was not taken",
		Long: `
Show for each target how much of the history it has been sent: the backlog, what was acknowledged,
what audits have found at the receiver, and the samples that the receiver does not take, with its
words. The file keeps all this, whichever process sends. The command only reads.`,
		Example: `  wanstore push status
  wanstore push status --db wan.db --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return showPushStatus(cmd, asJSON) },
	}
	addPathFlag(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func showPushStatus(cmd *cobra.Command, asJSON bool) error {
	history, _, err := openHistory(cmd)
	if err != nil {
		return err
	}
	targets, err := readPushStatus(cmd.Context(), history)
	if err := errors.Join(err, history.Close()); err != nil {
		return err
	}
	return writeReport(cmd.OutOrStdout(), pushStatus{targets, zoneOf(cmd), time.Now()}, asJSON)
}

func readPushStatus(
	ctx context.Context, history *service.History,
) ([]push.Status, error) {
	return push.ReadStatus(ctx, history, time.Now())
}

// refusalsPrinted is how many of the samples that are parked are shown to people.
const refusalsPrinted = 20

// pushStatus is how far a history has been sent, as JSON has it.
type pushStatus struct {
	Targets []push.Status `json:"targets"`

	zone *time.Location // for print
	now  time.Time
}

// forgettable is how long nothing was taken by a receiver that may have been given up.
const forgettable = 7 * 24 * time.Hour

// print shows it to people.
func (p pushStatus) print(out io.Writer) error {
	if len(p.Targets) == 0 {
		_, err := fmt.Fprintln(out, "the history has not been sent anywhere")
		return err
	}
	for i, target := range p.Targets {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := p.printTarget(out, target); err != nil {
			return err
		}
	}
	return nil
}

func (p pushStatus) printTarget(out io.Writer, s push.Status) error {
	facts := newTable(out)
	list := [][]string{
		{"target", printable(s.Target)},
		{"backlog", backlogText(s)},
		{"sent", fmt.Sprintf("%s samples, %s of them again or late", number(s.Sent),
			number(s.Resent))},
		{"sent until", moment{s.SentUntil}.show(p.zone)},
		{"confirmed", number(s.Confirmed) + " samples"},
		{"confirmed until", moment{s.ConfirmedUntil}.show(p.zone)},
		{"last success", p.lastSuccess(s)},
		{"audit", p.auditText(s.Audit)},
		{"changed", number(s.Changed) + " samples joined a bucket after it had been sent"},
		{"expired", number(s.Expired) + " buckets were deleted before they were sent"},
		{"parked", number(s.Parked) + " samples"},
	}
	for _, fact := range list {
		if err := facts.add(fact...); err != nil {
			return err
		}
	}
	if err := facts.end(); err != nil || len(s.Refusals) == 0 {
		return err
	}
	fmt.Fprintln(out)
	rows := newTable(out, right("PARKED"), left("METRIC"), left("WAN"), left("LABELS"), left("FROM"),
		left("UNTIL"), left("THE RECEIVER SAYS"))
	for _, one := range s.Refusals[:min(len(s.Refusals), refusalsPrinted)] {
		err := rows.add(number(one.Samples), printable(one.Metric), printable(one.WAN),
			printable(one.Labels), moment{one.From}.show(p.zone), moment{one.Until}.show(p.zone),
			printable(one.Reason))
		if err != nil {
			return err
		}
	}
	if err := rows.end(); err != nil || len(s.Refusals) <= refusalsPrinted {
		return err
	}
	_, err := fmt.Fprintf(out, "and %d more, which --json lists\n", len(s.Refusals)-refusalsPrinted)
	return err
}

// lastSuccess says what to do where it was long ago.
func (p pushStatus) lastSuccess(s push.Status) string {
	text := moment{s.LastSuccess}.show(p.zone)
	if s.LastSuccess.IsZero() || p.now.Sub(s.LastSuccess) < forgettable {
		return text
	}
	return fmt.Sprintf("%s; if nobody sends there any more: wanstore push forget --to %s", text,
		printable(s.URL))
}

func backlogText(s push.Status) string {
	if s.BacklogSamples == 0 {
		return "none"
	}
	text := fmt.Sprintf("%s samples of %s", number(s.BacklogSamples),
		clock.FormatDuration(time.Duration(s.BacklogSeconds)*time.Second))
	if s.LateBuckets > 0 {
		text += fmt.Sprintf(", with %s buckets that came late or were missing", number(s.LateBuckets))
	}
	return text
}

func (p pushStatus) auditText(a push.AuditReport) string {
	switch {
	case a.Unavailable != "":
		return printable(a.Unavailable) + "; acknowledgements count"
	case a.Failed != "":
		return fmt.Sprintf("fails since %s, so nothing is confirmed: %s",
			moment{a.FailedSince}.show(p.zone), printable(a.Failed))
	case a.At.IsZero():
		return "none yet"
	}
	return fmt.Sprintf("%s, the last one at %s: %s samples were missing, %s were still missing after "+
		"they had been sent again, %s were there more than once", number(a.Audits),
		moment{a.At}.show(p.zone), number(a.Missing), number(a.Unrepaired), number(a.Doubled))
}

// pushLine is a target in a line of the status of a file.
func pushLine(s push.Status, zone *time.Location) string {
	audits := ""
	switch {
	case s.Audit.Unavailable != "":
		audits = " by acknowledgements alone"
	case s.Audit.Failed != "":
		audits = ", audits fail"
	}
	return fmt.Sprintf("%s: backlog %s; confirmed until %s%s", printable(s.URL), backlogText(s),
		moment{s.ConfirmedUntil}.show(zone), audits)
}
