// Package web_test drives what people see with a real browser against real
// processes on real parts: the storefront, and the Temporal UI as support uses it
// by docs/support.md. It needs Chromium or Chrome on the PATH, which not
// every machine can install, so it is built with the tag "browser" only:
//
//	go test -tags browser ./e2e/web
//
// Asked for like that, a missing browser is a failure. E2E_SHOTS=folder keeps a
// picture of each page that a test ends on, and of each step in the Temporal UI.
// E2E_RUNBOOK=all answers every call of the runbook, not only the most important.
package web_test
