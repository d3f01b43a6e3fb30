package workers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"yourticket.example/activities"
	"yourticket.example/workers"
)

// Two activities of one name panic only when a worker is built, so every fleet is.
func TestEveryFleetBuilds(t *testing.T) {
	t.Parallel()
	c, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	deps := workers.Deps{
		Seats: &activities.Seats{}, Bookings: &activities.Bookings{}, Payments: &activities.Payments{},
		PatientPayments: &activities.Payments{}, Slots: &activities.Slots{}, Sales: &activities.Sales{}, Refunds: &activities.Refunds{},
		Cancellations: &activities.Cancellations{}, RefundBatches: &activities.RefundBatches{}, BuildID: "test",
	}
	built, err := workers.Build(c, workers.Names(), deps)
	require.NoError(t, err)
	require.Len(t, built, len(workers.Names()))

	_, err = workers.Build(c, []string{"nobody"}, deps)
	require.ErrorContains(t, err, `no fleet "nobody"`)
}
