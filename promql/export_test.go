package promql

// Tag is the reserved label.
const Tag = tag
