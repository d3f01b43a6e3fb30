// Package sandbox is a stateful stand-in for the two payment providers, made to be spoken to by their
// real Go clients over HTTP. One listener serves the parts of Stripe's API (/v1/payment_intents,
// /v1/refunds, ...) and of PayPal's API (/v1/oauth2/token, /v2/checkout/orders, /v2/payments, ...) that
// a ticket shop uses, keeps their state, honours their idempotency keys and sends their signed webhooks.
//
// # Control
//
//	POST   /sandbox/faults                     {provider, fault, rate?, operation?, count?, delay_ms?}
//	GET    /sandbox/faults                     the faults that are active, with their hits
//	DELETE /sandbox/faults[?provider=]         clears them
//	GET    /sandbox/ledger[?booking_id=&provider=&type=&after=&limit=]
//	POST   /sandbox/approve/{order_id}         the PayPal payer's answer, {outcome: approved|declined|instrument_declined}
//	POST   /sandbox/authenticate/{intent_id}   the card holder's 3-D Secure answer, {outcome: succeeded|failed}
//	POST   /sandbox/disputes                   {provider, booking_id|object_id, amount?, reason?}
//	POST   /sandbox/disputes/{id}/close        {outcome: won|lost}
//	POST   /sandbox/refunds                    {provider, booking_id|object_id, amount?}: a refund done by hand
//	GET    /sandbox/webhooks                   what was delivered, waits, or was given up
//	GET    /healthz
//
// # Faults
//
// error answers 500 and does nothing. rate_limit answers 429 with Retry-After and does nothing. timeout
// does nothing and stays silent for delay_ms (30 s) or until the caller leaves. slow does the work after
// delay_ms (2 s), whether or not the caller is still there, and answers. lost_reply does the work and then
// cuts the connection (after delay_ms, if one is given). What did nothing stores nothing under an
// idempotency key, so that a retry runs; what did the work stores its answer, so that a retry gets it. A
// connection is cut in the middle of a reply, because Go's transport silently repeats a keyed request
// whose connection closes before the first byte.
//
// Operations, for both providers unless noted: authorize (Stripe: create or confirm an intent; PayPal:
// authorize an order), capture, void, refund, get, list, create_order, token, reauthorize, verify and
// approve (PayPal), update, method and authenticate (Stripe). approve and authenticate are the payer's own
// steps and are only hit by a fault that names them; so is webhook: an event that any fault strikes is lost.
//
// # Where it differs from the providers
//
//   - Search is consistent at once; Stripe's lags by up to a minute and PayPal's report by hours.
//   - An intent confirmed without return_url is accepted whatever its payment methods.
//   - A capture above the authorized amount is refused for PayPal too (it allows 115 %).
//   - PayPal's webhook signature is an HMAC, so it can be verified by its API only, not by certificate.
//   - PayPal: a token as payment_source at creation approves the order, which is then authorized by a call of its
//     own; a vault_id at creation authorizes or captures it at once. Tokens begin with tok_vault_;
//     tok_vault_declined... is refused with INSTRUMENT_DECLINED (see paypal_tokens.go for the others).
//   - Events and webhooks that still wait are not kept over a restart; every object, ledger entry and
//     idempotency key is, when Options.DataFile is set.
package sandbox
