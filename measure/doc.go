// Package measure looks at the machine it runs on: how long an echo to the
// gateway takes, how many bytes pass its network interface, and what both say
// about congestion. It is the sensor behind a control loop that wakes every
// 50 ms; nothing in it makes that loop wait for the network.
//
// The pieces, in the order a program needs them:
//
//	Kernel      reads routing table and byte counters through procfs
//	FindPath    turns an optional host and interface into what to measure
//	Pinger      sends echoes in the background, Take hands over what came back
//	Meter       turns the interface's byte counters into Mbit/s
//	Congestion  turns round-trip times into baseline, delta and state; no I/O
//
// A loop reads:
//
//	kernel, err := measure.OpenKernel("")
//	path, err := kernel.FindPath(ctx, "", "") // the default gateway
//	pinger, err := measure.NewPinger(measure.PingConfig{Target: path.Target, Interval: 50 * time.Millisecond})
//	meter := kernel.NewMeter(path.Interface)
//	go pinger.Run(ctx) // wait for it before the program ends
//
//	var line measure.Congestion
//	var replies []measure.Reply
//	for range ticker.C {
//		reading := line.Silence(time.Now())
//		replies = pinger.Take(replies[:0])
//		for _, reply := range replies {
//			reading = line.Observe(reply.RTT, reply.At)
//		}
//		rate, ok, err := meter.Rate()
//		...
//	}
//
// The routing table and the counters exist on Linux alone; elsewhere
// [OpenKernel] fails, and [Pinger] and [Congestion] still work.
package measure
