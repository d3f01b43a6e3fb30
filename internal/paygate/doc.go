// Package paygate stands before a payment provider. It keeps all processes
// together below the rate that the provider allows, stops asking one that is
// in trouble, and counts and times every call.
//
// # Permits
//
// A call takes a permit from a Gate for each request that it usually makes.
// Without one, Authorize answers not executed with CodeRateGate, so that the
// purchase queues and does not fall back; the other methods answer
// CodeProviderUnavailable with RetryAfterSeconds. A patient guard waits.
//
// RedisGate shares one rate among all processes. It takes permits in small
// blocks, which go stale after a tenth of a second, and falls back to a
// cautious share of its own while Redis is away.
//
// # The circuit
//
// After several calls in a row that found the provider in trouble its circuit
// opens: for some seconds Authorize answers not executed with CodeCircuitOpen
// at once, so that the purchase falls back, and the other methods answer
// CodeProviderUnavailable. Then one call probes. In trouble is a provider that
// cannot be reached, does not answer, answers with a server error or refuses
// our credentials. One that refuses for rate, or says that it is not done, is
// not: such errors carry RetryAfterSeconds.
package paygate
