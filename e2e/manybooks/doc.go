// Package manybooks plants any number of transactions in the providers' books and
// in ours, with a known number of differences, runs the real reconciliation over
// them, kills its worker in the middle, and says what was found and what it took.
package manybooks
