// Package stripe pays bookings through Stripe. It wraps stripe-go and
// implements ticket.PaymentProvider by PaymentIntents that are confirmed when
// they are made and captured by hand.
//
// # What is known after a call
//
// Each call carries a recorder that notes whether a connection was ever handed
// to it, and the HTTP status of the reply. A call that never had a connection
// has certainly done nothing. Everything else without a definite answer may
// have happened, even if the last thing seen was a refused connection: Go's
// transport repeats a keyed request by itself when a kept-alive connection
// breaks, so that an error of dialing can follow a request that was sent.
//
// # Keys
//
// Idempotency keys name the booking, the step and the attempt, such as
// purchase/<booking>/authorize/1. Stripe keeps a key for 24 hours, together
// with whatever was answered first, a status of 500 included. A step that can
// happen only once (capture, cancel, whole refund) therefore goes on under
// another key when the first one is spent on such an answer; an authorization
// does not, and stays unanswered.
//
// # Finding what a lost reply has left
//
// Stripe's search is documented to lag by up to a minute, and by more when
// Stripe is in trouble, which is when it would be asked. So a hit of the
// search is believed, but it takes a walk over the consistent list of intents
// created around that time to prove that there is none.
//
// # Errors
//
// An error with CodeProviderUnavailable carries RetryAfterSeconds when Stripe
// answered that it is not done, and none when Stripe is in trouble.
package stripe
