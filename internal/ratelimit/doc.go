// Package ratelimit bounds how often a caller may ask: by account, by address,
// and by kind of route.
//
// Limits are counted by the generic cell rate algorithm: a quota refills
// evenly over its window, and may be spent at once. What is cheap is counted in
// this process alone; what costs something is counted in Redis, so that all
// processes share one count, at one round trip for all limits of a request.
// While Redis is away each process goes on with a cautious share of every
// limit: the gates stay up, and the shop stays open.
package ratelimit
