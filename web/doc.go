// Package web is the storefront: pages for buyers over the REST API, as static
// files inside the binary.
//
// There is no build step. The pages are one document (static/index.html) and
// plain ES modules, which choose what to show by the path. Everything under
// /assets/ is addressed by the hash of all assets together, so that a browser
// keeps it for good and never mixes two versions; the document itself is
// revalidated. Nothing is loaded from anywhere else, and the policy sent with
// the document (policy.go) forbids it.
package web
