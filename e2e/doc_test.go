// Package e2e_test holds the tests of the whole system: real processes of the
// real binary on real parts, spoken to over HTTP. E2E_ROUNDS=10 repeats what
// may depend on chance.
package e2e_test
