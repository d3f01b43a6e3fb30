package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/manybooks"
)

// TestAReconciliationOutlivesItsWorker is the short run of
// go run ./e2e/reconcilebench, which takes a million transactions.
func TestAReconciliationOutlivesItsWorker(t *testing.T) {
	t.Parallel()
	o := manybooks.Options{Transactions: 5000, Every: 50, Kill: true, Say: func(line string) { t.Log(line) }}
	r, err := manybooks.Run(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, r.Check(o))
}
