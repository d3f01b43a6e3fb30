// Package config has what a YourTicket process is told from outside: where
// its databases and other parts are, and its secrets. Every field comes from a
// flag or from the environment variable of the same name.
package config
