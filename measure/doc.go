// Package measure looks at the machine it runs on: how long an echo to the
// gateway takes, how many bytes pass its network interface, and what both say
// about congestion. It is the sensor behind a control loop that wakes every
// 50 ms; nothing in it makes that loop wait for the network.
//
// The pieces, in the order a program needs them:
//
//	Kernel      reads routing table and byte counters through procfs
//	Line        finds what to measure, follows it, measures in the background; Take hands over
//	            the replies, TakeOutcomes which echoes were lost, Rate the Mbit/s
//	Congestion  turns round-trip times into baseline, delta and state; no I/O
//	Jitter      averages how much they change from reply to reply; no I/O
//
// A loop reads:
//
//	kernel, err := measure.OpenKernel("")
//	line, err := measure.NewLine(ctx, kernel, measure.LineConfig{Interval: 50 * time.Millisecond})
//	go line.Run(ctx) // wait for it before the program ends
//
//	congestion := measure.Congestion{Interval: line.EchoInterval()}
//	var replies []measure.Reply
//	for range ticker.C {
//		reading := congestion.Silence(time.Now())
//		replies = line.Take(replies[:0])
//		for _, reply := range replies {
//			if reply.LeftOut {
//				reading = congestion.Hear(reply.At)
//				continue
//			}
//			reading = congestion.Observe(reply.RTT, reply.At)
//		}
//		rate, ok, err := line.Rate()
//		...
//	}
//
// The routing table and the counters exist on Linux alone; elsewhere
// [OpenKernel] fails, and [Congestion] still works.
package measure
