// Package activities holds the steps of workflows: everything that touches the
// world outside. Each struct wraps one collaborator; each method is one step,
// idempotent by the ids it is given, because a crash reruns it.
//
// Activities never import workflows: what a workflow needs to know comes back
// as a value.
package activities
