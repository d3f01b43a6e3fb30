// Package health says how the process is: normal, warning or alarm, by the
// measurements of its last minute and one table of thresholds. The answer is
// shown at /v1/status, exported to Prometheus, and an input of the waiting
// room's controller.
package health
