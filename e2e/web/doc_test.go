// Package web_test drives the storefront with a real browser against real
// processes on real parts. It needs Chromium or Chrome on the PATH, which not
// every machine can install, so it is built with the tag "browser" only:
//
//	go test -tags browser ./e2e/web
//
// Asked for like that, a missing browser is a failure. E2E_SHOTS=folder keeps a
// picture of each page that a test ends on.
package web_test
