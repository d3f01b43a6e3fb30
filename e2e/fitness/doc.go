// Command fitness checks the first fitness function: a crowd of 10,000 requests
// a second in the mix of an on-sale, without significant degradation, while
// purchases go on. Arrivals do not wait for answers: each request has its time,
// and what the system makes it wait counts as latency. It exits 1 when a goal
// is missed.
package main
