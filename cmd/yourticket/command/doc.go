// Package command is yourticket's command line: which commands there are,
// their flags and variables, and their exit codes. The end-to-end tests run
// the same commands through Run.
package command
