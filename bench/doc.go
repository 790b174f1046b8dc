// Package bench measures the service as its users feel it: the real program,
// HTTP over the loopback interface, beside the limits and the peers it is to be
// compared with. All of them take turns, because a machine's speed changes from
// minute to minute; the figures that count are medians of ratios, with the range
// they were in. It is a module of its own, so that the service does not depend
// on its peers. scripts/bench runs it and writes docs/performance.md.
package bench
