package service

// wanctlMetrics are those that a file describes only once it has a series of them.
func wanctlMetrics() []Metric {
	const ofTin = " of a tin of CAKE (label tin)."
	return []Metric{
		measured(RTTJitter,
			"Mean change of the round-trip time from reply to reply, smoothed (RFC 3550).", "ms"),
		lossRatio(),
		state("wanctl_state_download",
			"Congestion state of the download: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED.", congestion()),
		state("wanctl_state_upload",
			"Congestion state of the upload: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED.", congestion()),
		state("wanctl_wan_zone",
			"Congestion zone of the WAN by which traffic is steered: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED.",
			congestion()),
		measured("wanctl_wan_weight",
			"Weight of the zone in the decision to steer, 0 where it is GREEN or not known.", ""),
		measured("wanctl_wan_staleness_sec",
			"Age of the file that says the zone, -1 where it cannot be read.", "s"),
		measured("wanctl_signal_jitter_ms", "Jitter of the round-trip time, smoothed.", "ms"),
		measured("wanctl_signal_variance_ms2", "Variance of the round-trip time, smoothed.", "ms\u00b2"),
		measured("wanctl_signal_confidence", "Confidence in the round-trip time, from 0 to 1.", ""),
		measured("wanctl_signal_outlier_count",
			"Round-trip times that were taken for outliers since the start.", ""),
		measured("wanctl_irtt_rtt_ms", "Mean round-trip time by IRTT.", "ms"),
		measured("wanctl_irtt_ipdv_ms", "Mean variation of the delay from packet to packet by IRTT.",
			"ms"),
		measured("wanctl_irtt_loss_up_pct", "Packets lost on the way up by IRTT.", "%"),
		measured("wanctl_irtt_loss_down_pct", "Packets lost on the way down by IRTT.", "%"),
		measured("wanctl_irtt_asymmetry_ratio",
			"Delay of the slower direction by that of the faster one, by IRTT.", ""),
		state("wanctl_irtt_asymmetry_direction",
			"The slower direction by IRTT: 0 unknown, 1 symmetric, 2 upstream, 3 downstream.",
			StateNames{0: "unknown", 1: "symmetric", 2: "upstream", 3: "downstream"}),
		measured("wanctl_cake_tin_dropped", "Packets dropped since the start"+ofTin, ""),
		measured("wanctl_cake_tin_ecn_marked", "Packets marked by ECN since the start"+ofTin, ""),
		measured("wanctl_cake_tin_delay_us", "Mean delay in the queue"+ofTin, "\u00b5s"),
		measured("wanctl_cake_tin_backlog_bytes", "Bytes in the queue"+ofTin, "B"),
	}
}

// lossRatio has values of 0 and 1 alone, of which the average says all.
func lossRatio() Metric {
	m := measured(LossRatio, "Share of the echoes that were lost: of each echo 0 or 1.", "")
	m.NoPercentiles = true
	return m
}
