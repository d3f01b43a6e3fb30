// Package paypal pays bookings through PayPal's Orders API. It wraps
// plutov/paypal and implements ticket.PaymentProvider: an order with the
// intent AUTHORIZE is made, authorized, and its authorization captured.
//
// # Two steps
//
// Making an order reserves nothing; authorizing it does. A vaulted consent is
// therefore given with the second call and not, as PayPal also allows, with
// the first one, which would then reserve money under an order id that a lost
// reply takes away. As it is, the order of a lost reply can be found by making
// it again under the same PayPal-Request-Id, and that look-up can never
// reserve money by itself.
//
// # The transport
//
// The client library caches its access token under a lock that it holds while
// it asks for a new one, knows no timeout, sets PayPal-Request-Id on some
// calls only, and loses the status of a reply whose body it cannot read. So it
// is given a transport that does all this: see carrier. The library's client
// is never changed after it is made; its CaptureOrder, which would change it,
// is not used.
//
// # Keys
//
// PayPal-Request-Ids name the booking, the step and the attempt, such as
// purchase/<booking>/authorize/1. PayPal remembers them for 6 hours when an
// order is made or authorized (more by arrangement), and for 45 days when an
// authorization is captured or voided and when a capture is refunded. Beyond
// 6 hours a lost order is looked for in the transaction report, which lags by
// up to three hours.
//
// # Errors
//
// An error with CodeProviderUnavailable carries RetryAfterSeconds when PayPal
// answered that it is not done, and none when PayPal is in trouble.
package paypal
