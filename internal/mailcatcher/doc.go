// Package mailcatcher is the mail server of a development machine: it takes every
// mail, delivers none, and shows them on a page. The last 1,000 are kept, in
// memory. It knows mail and nothing of the product.
package mailcatcher
