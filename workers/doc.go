// Package workers builds the worker fleets: which workflows and activities run
// on which task queue, and how many at a time. A fleet is scaled and deployed
// on its own.
package workers
