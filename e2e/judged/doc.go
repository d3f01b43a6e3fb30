// Package judged is a small invented catalogue with searches whose best answers
// people have chosen, and the measure of how close an order of answers comes to
// theirs.
package judged
