// Package seatingplan reads and builds seating plans in pretix's file format
// (version 0.0.1 of its JSON schema), extended by standing areas: a list
// `standing` of {"name", "category", "capacity"}.
//
// Parse checks a file whole and names the path of each fault. File.Plan lists
// the places that are sold, and File.Rows the runs of neighbours from the best
// to the worst. The Generate functions build plausible plans of any size for
// demonstrations and tests.
package seatingplan
