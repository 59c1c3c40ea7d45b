//go:build race

package load

// slowdown is what the race detector makes everything slower by: the load is that much smaller.
const slowdown = 10
