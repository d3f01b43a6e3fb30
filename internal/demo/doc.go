// Package demo is the catalogue that a fresh system starts with: accounts of
// every role, real concert venues with their true cities, coordinates and
// capacities, and some two hundred concerts of invented bands.
//
// Everything but the dates is the same on every call; dates count from the
// moment that the caller names. Nothing has an id yet: events refer to their
// venue by its index, and whoever stores the catalogue makes the ids.
package demo
