// Package catalogue keeps events and seating plans in memory, in front of the
// catalogue database: every hold, every availability answer and every page
// needs them, and they hardly ever change.
package catalogue
