// Package bestseats chooses places for buyers who leave the choice to us: side
// by side, in the best rows that are free, without leaving single seats behind
// where that can be helped, and spread over choices of nearly equal merit, so
// that buyers who ask at the same moment seldom get the same places offered.
//
// It is pure: it reads the live map of an event, one byte a place, and changes
// nothing. Whoever chose must still lock the places, and ask again (with a
// higher Query.Attempt) after losing them to somebody quicker.
package bestseats
