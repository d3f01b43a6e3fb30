// Package probe makes synthetic checks: what a buyer would do, done from outside
// every five minutes while the system says that it is well, and every minute
// while it does not, or a check fails. It knows the HTTP API and nothing else of
// the product.
package probe
